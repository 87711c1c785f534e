import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Deadlines and expiry")
struct ExpiryTests {
    private func deadline(_ bench: CoreBench, in milliseconds: Int64) -> JobSpec {
        JobSpec(deadline: WallTime(milliseconds: bench.now.wall.milliseconds + milliseconds))
    }

    @Test(
        "At a job's deadline what waits ends as expired, what runs is told to stop and ends so too",
        arguments: [false, true])
    func deadline(restarts: Bool) throws {
        let bench = CoreBench()
        let job = bench.job(deadline(bench, in: 2000), count: 4, key: 1, seal: false)
        let agent = try #require(bench.join(1, capacity: 3))
        let orders = bench.assign()
        if restarts {
            bench.restart()
            _ = bench.hello(1, capacity: 3, running: orders.map(\.token))
        }
        #expect(bench.core.nextDeadline == bench.now.instant + 2000)
        bench.pass(1999, heard: [agent])
        #expect(bench.states(job) == [.running, .running, .running, .queued])
        bench.pass(1, heard: [agent])
        #expect(bench.states(job) == [.running, .running, .running, .expired])
        #expect(Set(bench.told) == Set(orders.map(\.token)))
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 4, tasks: bench.plain(1))
        guard case .refused(.jobSealed, let why) = bench.submit(more) else {
            Issue.record("it was taken")
            return
        }
        #expect(why.contains("deadline"))
        bench.report(orders[0].token, from: agent, .cancelled)
        bench.report(orders[1].token, from: agent)
        // One is lost on the way.
        _ = bench.hello(1, incarnation: 2)
        #expect(bench.states(job) == [.expired, .succeeded, .expired, .expired] && bench.isFinished(job))
        #expect(bench.disk.task(TaskID(job: job, index: 0))?.end?.failure?.known == .expired)
        // A retry is not held up by a deadline that is over.
        _ = bench.control(.retry(TaskSelection(job: job, indexes: [0])))
        #expect(bench.reload(job)?.changed == 1 && bench.sent() == ["\(job).0"])
    }

    @Test("A deadline that came while nobody ran counts at once, and one far away never wraps")
    func restart() {
        let bench = CoreBench()
        let job = bench.job(deadline(bench, in: 5000), count: 2, key: 1)
        let far = bench.job(JobSpec(deadline: WallTime(milliseconds: .max / 2)), count: 1, key: 2)
        bench.restart(after: 60_000)
        bench.pass(0)
        #expect(bench.states(job) == [.expired, .expired] && bench.state(far) == .queued)
        bench.pass(1_000_000)
        #expect(bench.state(far) == .queued)
    }

    @Test("An expiry larger than a turn starts nothing meanwhile and goes on after a restart")
    func large() {
        let bench = CoreBench(CoreConfiguration(sweepPerTurn: 10))
        let job = bench.job(deadline(bench, in: 1000), count: 35, key: 1)
        bench.pass(1000)
        _ = bench.join(1)
        #expect(bench.core.hasSweeps && bench.assign().isEmpty)
        bench.restart()
        _ = bench.join(1)
        #expect(bench.assign().isEmpty)
        _ = bench.sweepAll()
        #expect(bench.isFinished(job) && bench.counts(job).expired == 35)
    }

    @Test(
        "A task that has not started in time expires; one that was tried does not; each by its own time",
        arguments: [false, true])
    func expiresAfter(restarts: Bool) throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 1, retryCap: 1))
        let options = [TaskOptions(expiresAfter: 1000), TaskOptions(expiresAfter: 3000), TaskOptions()]
        let job = bench.job(
            options: options, tasks: [0, 0, 1, 0, 2].map { TaskSpec(prompt: .text("x"), options: $0) }, key: 1)
        let agent = try #require(bench.join(1, capacity: 1))
        bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.transient, "x"))
        bench.pass(400, heard: [agent])
        if restarts { bench.restart() }
        bench.pass(599)
        #expect(bench.states(job) == [.queued, .queued, .queued, .queued, .queued])
        bench.pass(1)
        #expect(bench.states(job) == [.queued, .expired, .queued, .expired, .queued])
        bench.pass(1999)
        #expect(bench.state(job, 2) == .queued)
        bench.pass(1)
        #expect(bench.states(job) == [.queued, .expired, .expired, .expired, .queued])
        let end = bench.disk.task(TaskID(job: job, index: 1))?.end
        #expect(end?.failure?.known == .expired && end?.failure?.message.contains("1000 ms") == true)
    }

    @Test("Tasks of a later batch have their own time")
    func batches() {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), options: TaskOptions(expiresAfter: 1000), count: 1, key: 1, seal: false)
        bench.pass(500)
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 1, tasks: bench.plain(1), seal: true)
        #expect(bench.submit(more)?.submitted == [1, 2, 1])
        bench.restart()
        bench.pass(500)
        #expect(bench.states(job) == [.expired, .queued])
        bench.pass(500)
        #expect(bench.isFinished(job) && bench.counts(job).expired == 2)
    }
}
