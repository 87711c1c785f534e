import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("why")
struct WhyTests {
    @Test("What keeps a task: no agent, no slot, a limit, a backoff; nothing of an end")
    func reasons() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 1000, retryCap: 1000))
        let job = bench.job(JobSpec(maxParallel: 1), count: 3, key: 1)
        #expect(bench.reasons(job) == ["no_agent"])
        let agent = try #require(bench.join(1, capacity: 1))
        #expect(bench.reasons(job).isEmpty)
        let order = try #require(bench.assign().first)
        #expect(bench.reasons(job, 1) == ["parallel", "no_slot"] && bench.reasons(job).isEmpty)
        let running = try #require(bench.core.why(TaskID(job: job, index: 0), at: bench.now))
        #expect(running.state == .running && running.agent == "host1" && running.attempts == 1)
        _ = bench.cancel(job, [0])
        #expect(bench.reasons(job) == ["cancelling"])
        bench.report(order.token, from: agent, .cancelled)
        #expect(bench.reasons(job).isEmpty)
        bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.transient, "x"))
        #expect(bench.reasons(job, 1) == ["backoff"])
        let left = bench.core.why(TaskID(job: job, index: 1), at: bench.now)?.reasons.first?.text ?? ""
        #expect(left.contains("attempt 1") && left.contains("ms"))
        #expect(bench.core.why(TaskID(job: job, index: 7), at: bench.now) == nil)
        #expect(bench.core.why(TaskID(job: JobID(rawValue: 9), index: 0), at: bench.now) == nil)
    }

    @Test("An agent that is silent, or holds back, is named with its reason")
    func slots() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 1, key: 1)
        let agent = try #require(bench.join(1))
        bench.pass(3000)
        func text() -> String { bench.core.why(TaskID(job: job, index: 0), at: bench.now)?.reasons.first?.text ?? "" }
        #expect(text().contains("silent"))
        _ = bench.core.heartbeatArrived(
            from: agent, session: bench.core.session(of: agent),
            AgentReport(capacity: 0, heldBecause: "the credential was refused"), at: bench.now.instant)
        #expect(text().contains("the credential was refused"))
    }

    @Test(
        "Its place in the queue: all of higher priority, those before it, and the others' shares; with a start from the pace"
    )
    func place() throws {
        let bench = CoreBench()
        let own = bench.job(JobSpec(), count: 10, key: 1)
        let high = bench.job(JobSpec(), options: TaskOptions(priority: .high), count: 4, key: 2)
        let same = bench.job(JobSpec(weight: 20), count: 100, key: 3)
        _ = bench.job(JobSpec(), options: TaskOptions(priority: .low), count: 50, key: 4)
        func ahead(_ job: JobID, _ index: UInt32) -> Int? {
            bench.core.why(TaskID(job: job, index: index), at: bench.now)?.ahead
        }
        // Four that are more urgent, three of its own, and two of the other for each of four.
        #expect(ahead(own, 3) == 4 + 3 + 8)
        #expect(ahead(high, 2) == 2)
        #expect(ahead(same, 0) == 4 + 0 + 0 || ahead(same, 0) == 4 + 0 + 1)
        #expect(bench.core.why(TaskID(job: own, index: 3), at: bench.now)?.estimatedStart == nil)
        // Ten tasks in ten seconds: one a second.
        let agent = try #require(bench.join(1, capacity: 1))
        for _ in 0..<11 {
            bench.report(try #require(bench.assign().first).token, from: agent)
            bench.pass(1000, heard: [agent])
        }
        let last = try #require(bench.core.why(TaskID(job: own, index: 9), at: bench.now))
        let expected = Int64((last.ahead ?? 0) + 1) * 1000
        #expect(last.estimatedStart.map { (expected * 8 / 10...expected * 12 / 10).contains($0.rawValue) } == true)
    }
}
