import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Work on jobs larger than a turn may go over")
struct SweepTests {
    private func bench() -> CoreBench { CoreBench(CoreConfiguration(sweepPerTurn: 10)) }

    @Test("Cancel: nothing starts from the first turn on, some end in each, all in the end", arguments: [false, true])
    func cancel(restarts: Bool) throws {
        let bench = bench()
        let job = bench.job(JobSpec(), count: 35, key: 1, seal: false)
        let agent = try #require(bench.join(1, capacity: 3))
        let orders = bench.assign()
        #expect(bench.cancel(job)?.cancelled == [32, 3])
        #expect(bench.told == orders.map(\.token) && bench.core.hasSweeps)
        #expect(bench.counts(job).cancelled == 7 && bench.assign().isEmpty)
        #expect(bench.disk.sweeps.map(\.kind) == [.cancel])
        #expect(bench.control(.hold(TaskSelection(job: job)))?.refusal == .busy)
        if restarts {
            bench.restart()
            #expect(bench.core.hasSweeps)
            _ = bench.hello(1, capacity: 9, running: orders.map(\.token))
            #expect(Set(bench.told) == Set(orders.map(\.token)) && bench.assign().isEmpty)
        }
        #expect((1...4).contains(bench.sweepAll()))
        #expect(bench.disk.sweeps.isEmpty && !bench.isFinished(job))
        for order in orders { bench.report(order.token, from: agent, .cancelled) }
        #expect(bench.isFinished(job) && bench.counts(job).cancelled == 35)
        bench.restart()
        #expect(!bench.core.hasSweeps)
    }

    @Test("A turn goes over so many tasks and no more, however many jobs there are")
    func bounded() {
        let bench = bench()
        let jobs = (1...30).map { bench.job(JobSpec(), count: 20, key: UInt64($0)) }
        for job in jobs { _ = bench.cancel(job) }
        func done() -> UInt32 { jobs.reduce(0) { $0 + bench.counts($1).cancelled } }
        #expect(done() == 300)
        for _ in 0..<15 {
            let before = done()
            bench.sweep()
            #expect((1...10).contains(done() - before))
        }
        _ = bench.sweepAll()
        #expect(jobs.allSatisfy { bench.isFinished($0) } && bench.core.unfinishedTaskCount == 0)
    }

    @Test("Hold and release", arguments: [false, true])
    func hold(restarts: Bool) {
        let bench = bench()
        let job = bench.job(JobSpec(), count: 25, key: 1)
        _ = bench.join(1, capacity: 5)
        #expect(bench.control(.hold(TaskSelection(job: job)))?.changed == 25)
        #expect(bench.counts(job).held == 10 && bench.assign().isEmpty && bench.reasons(job, 24) == ["changing"])
        #expect(bench.control(.hold(TaskSelection(job: job)))?.refusal == .busy)
        if restarts {
            bench.restart()
            _ = bench.join(1, capacity: 5)
            #expect(bench.assign().isEmpty)
        }
        _ = bench.sweepAll()
        #expect(bench.counts(job).held == 25 && bench.assign().isEmpty)
        #expect(bench.control(.release(TaskSelection(job: job)))?.changed == 25)
        #expect(bench.counts(job).queued == 10)
        if restarts {
            bench.restart()
            _ = bench.join(1, capacity: 5)
        }
        _ = bench.sweepAll()
        #expect(bench.counts(job).held == 0 && bench.assign().count == 5)
    }

    @Test("Retry of a job that has many failures", arguments: [false, true])
    func retry(restarts: Bool) {
        let bench = bench()
        let job = bench.job(JobSpec(), count: 25, key: 1, seal: false)
        _ = bench.join(1, capacity: 25)
        bench.failAll()
        #expect(bench.control(.retry(TaskSelection(job: job)))?.changed == 25)
        #expect(bench.counts(job).queued == 10)
        #expect(bench.control(.retry(TaskSelection(job: job)))?.refusal == .busy)
        if restarts { bench.restart() }
        _ = bench.sweepAll()
        #expect(bench.counts(job).queued == 25 && bench.disk.sweeps.isEmpty)
    }

    @Test("A job does not finish while a retry still goes over it")
    func unfinished() {
        let bench = bench()
        let job = bench.job(JobSpec(), count: 25, key: 1)
        _ = bench.join(1, capacity: 25)
        bench.failAll()
        #expect(bench.isFinished(job))
        _ = bench.control(.retry(TaskSelection(job: job)))
        #expect(bench.reload(job)?.changed == 25)
        // The first ten fail again at once.
        bench.core.assignWork(at: bench.now)
        bench.settle()
        #expect(!bench.isFinished(job))
        _ = bench.sweepAll()
        bench.finishAll()
        #expect(bench.counts(job).queued == 0)
    }

    @Test("Prune: a part in each turn, one job after the other, and a restart in the middle", arguments: [false, true])
    func prune(restarts: Bool) {
        let bench = bench()
        let jobs = (1...2).map { bench.job(JobSpec(), count: 25, key: UInt64($0)) }
        let open = bench.job(JobSpec(), count: 1, key: 3)
        for job in jobs { _ = bench.cancel(job) }
        _ = bench.sweepAll()
        #expect(bench.prune([open])?.refusal == .unfinished)
        #expect(bench.prune([JobID(rawValue: 77)])?.refusal == .unknownJob)
        #expect(bench.prune(olderThan: 1000)?.pruned == [0, 0])
        bench.pass(1000)
        #expect(bench.prune(olderThan: 1000, dryRun: true)?.pruned == [2, 50] && !bench.core.hasSweeps)
        #expect(bench.prune(jobs, olderThan: 1000)?.pruned == [2, 50])
        #expect(bench.prune(jobs, olderThan: 1000)?.pruned == [0, 0], "it is under way")
        bench.sweep()
        #expect(bench.core.jobCount == 3 && bench.disk.jobs.count == 3)
        if restarts { bench.restart() }
        #expect((3...8).contains(bench.sweepAll()))
        #expect(bench.core.jobCount == 1 && bench.disk.jobs.count == 1 && bench.disk.sweeps.isEmpty)
        #expect(bench.core.summary(of: jobs[0]) == nil && bench.cancel(jobs[0])?.refusal == .unknownJob)
        bench.restart()
        // Its number does not come again, its key is free.
        #expect(bench.job(JobSpec(), count: 1, key: 1) == JobID(rawValue: 4))
    }

    @Test("The last job that was pruned leaves its number behind, and its key is free without a restart")
    func numbers() {
        let bench = bench()
        let job = bench.job(JobSpec(), count: 0, key: 1)
        #expect(bench.prune([job])?.pruned == [1, 0])
        _ = bench.sweepAll()
        #expect(bench.job(JobSpec(), count: 0, key: 1) == JobID(rawValue: 2))
        _ = bench.prune([JobID(rawValue: 2)])
        _ = bench.sweepAll()
        bench.restart()
        #expect(bench.job(JobSpec(), count: 0, key: 1) == JobID(rawValue: 3))
    }

    @Test("The places of pruned jobs are taken out, and the rest is still found")
    func gaps() {
        let bench = CoreBench()
        let old = (1...1010).map { bench.job(JobSpec(), count: 0, key: UInt64($0)) }
        let job = bench.job(JobSpec(), count: 3, key: 5000)
        _ = bench.prune(old)
        _ = bench.sweepAll()
        #expect(bench.core.jobs.count < 100 && bench.core.jobCount == 1)
        _ = bench.join(1, capacity: 2)
        #expect(bench.sent() == ["\(job).0", "\(job).1"])
    }
}
