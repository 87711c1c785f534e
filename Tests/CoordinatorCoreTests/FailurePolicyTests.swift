import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("What a job does when tasks or jobs before it fail")
struct FailurePolicyTests {
    @Test("With one failure more than it allows, what has not started is skipped; what runs may end")
    func failuresAtMost() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(failuresAtMost: 1), count: 6, key: 1)
        let agent = try #require(bench.join(1, capacity: 4))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.core.summary(of: job)?.switches.isStopped == false && bench.state(job, 5) == .queued)
        bench.report(orders[1].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.states(job) == [.failed, .failed, .running, .running, .skipped, .skipped])
        #expect(bench.core.summary(of: job)?.switches.isStopped == true)
        bench.report(orders[2].token, from: agent)
        // What would be tried again is not.
        bench.report(orders[3].token, from: agent, .failed, TaskFailure(.crash, "x"))
        #expect(bench.states(job) == [.failed, .failed, .succeeded, .skipped, .skipped, .skipped])
        #expect(bench.isFinished(job))
        bench.restart()
        #expect(bench.core.summary(of: job)?.switches.isStopped == true)
        // A retry lets it start again.
        #expect(bench.control(.retry(TaskSelection(job: job))) == nil)
        #expect(bench.reload(job)?.changed == 5 && bench.core.summary(of: job)?.switches.isStopped == false)
        _ = bench.join(1, capacity: 9)
        #expect(bench.assign().count == 5)
    }

    @Test("A stopped job takes nothing more; its lost attempt is skipped; a retry of one task starts it again")
    func stopped() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(failuresAtMost: 0), count: 2, key: 1, seal: false)
        let agent = try #require(bench.join(1, capacity: 2))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.states(job) == [.failed, .running])
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 2, tasks: bench.plain(1))
        guard case .refused(.jobSealed, let why) = bench.submit(more) else {
            Issue.record("it was taken")
            return
        }
        #expect(why.contains("stopped"))
        #expect(bench.control(.retry(TaskSelection(job: job, indexes: [0])))?.changed == 1)
        #expect(bench.core.summary(of: job)?.switches.isStopped == false)
        let again = try #require(bench.assign().first)
        bench.report(again.token, from: agent, .failed, TaskFailure(.permanent, "x"))
        _ = bench.hello(1, incarnation: 2)
        #expect(bench.states(job) == [.failed, .skipped] && bench.isFinished(job))
    }

    @Test("A retry of a whole job that has stopped while one of its tasks still runs starts it again")
    func retryWhileSomethingRuns() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(failuresAtMost: 0), count: 4, key: 1)
        let agent = try #require(bench.join(1, capacity: 2))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.states(job) == [.failed, .running, .skipped, .skipped])
        #expect(bench.control(.retry(TaskSelection(job: job)))?.changed == 3)
        #expect(bench.core.summary(of: job)?.switches.isStopped == false)
        #expect(bench.states(job) == [.queued, .running, .queued, .queued])
        _ = bench.join(2, capacity: 4)
        #expect(bench.assign().map(\.token.task.index).sorted() == [0, 2, 3])
    }

    @Test("A stop larger than a turn goes on after a restart, also when only the switch was written")
    func largeStop() throws {
        let bench = CoreBench(CoreConfiguration(sweepPerTurn: 10))
        let job = bench.job(JobSpec(failuresAtMost: 0), count: 40, key: 1)
        let agent = try #require(bench.join(1, capacity: 1))
        bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.counts(job).skipped == 9 && bench.assign().isEmpty)
        bench.restart()
        _ = bench.join(1)
        #expect(bench.assign().isEmpty)
        _ = bench.sweepAll()
        #expect(bench.isFinished(job) && bench.counts(job).skipped == 39)
    }

    @Test("A job after a job starts when that has ended as it must")
    func after() throws {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 1, key: 1)
        let good = bench.job(JobSpec(after: [JobLink(job: first)]), count: 1, key: 2)
        let any = bench.job(JobSpec(after: [JobLink(job: first, condition: .end)]), count: 1, key: 3)
        let agent = try #require(bench.join(1))
        let order = bench.assign()
        #expect(order.map(\.token.task.job) == [first])
        #expect(bench.reasons(good) == ["job_dependency"])
        bench.restart()
        #expect(bench.hello(1, running: order.map(\.token)) == agent)
        #expect(bench.assign().isEmpty && bench.reasons(any) == ["job_dependency"])
        bench.report(order[0].token, from: agent)
        #expect(Set(bench.sent()) == ["\(good).0", "\(any).0"])
    }

    @Test(
        "A job after one that fails is skipped, unless it waits for any end or continues on failure",
        arguments: [false, true])
    func afterFailure(late: Bool) throws {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 2, key: 1)
        _ = bench.join(1)
        func submit() -> [JobID] {
            [
                bench.job(JobSpec(after: [JobLink(job: first)]), count: 2, key: 2),
                bench.job(JobSpec(after: [JobLink(job: first, condition: .end)]), count: 1, key: 3),
                bench.job(JobSpec(continuesOnFailure: true, after: [JobLink(job: first)]), count: 1, key: 4),
            ]
        }
        var jobs = late ? [] : submit()
        let orders = bench.assign()
        bench.report(orders[0].token, from: orders[0].agent)
        bench.report(orders[1].token, from: orders[1].agent, .failed, TaskFailure(.permanent, "x"))
        if late { jobs = submit() }
        #expect(bench.states(jobs[0]) == [.skipped, .skipped] && bench.isFinished(jobs[0]))
        #expect(Set(bench.sent()) == ["\(jobs[1]).0", "\(jobs[2]).0"])
        // A retry of it says what has to be retried first; when that has gone well, it goes on.
        #expect(bench.control(.retry(TaskSelection(job: jobs[0])))?.refusal == .invalid)
        _ = bench.control(.retry(TaskSelection(job: first)))
        #expect(bench.reload(first)?.changed == 1)
        _ = bench.control(.retry(TaskSelection(job: jobs[0])))
        #expect(bench.reload(jobs[0])?.changed == 2)
        let again = bench.assign()
        #expect(again.map(\.token.task.job) == [first], "it waits for the retry before it")
        bench.report(again[0].token, from: again[0].agent)
        #expect(bench.sent() == ["\(jobs[0]).0", "\(jobs[0]).1"])
    }

    @Test("A job can't wait for one that is not there")
    func missing() {
        let bench = CoreBench()
        let batch = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), spec: JobSpec(after: [JobLink(job: JobID(rawValue: 4))]), seal: true)
        #expect(bench.submit(batch)?.refusal == .unknownJob)
    }
}
