import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Backoff")
struct BackoffTests {
    private func fail(_ bench: CoreBench, _ agent: AgentIndex) throws -> Int64 {
        let token = try #require(bench.assign().first).token
        bench.report(token, from: agent, .failed, TaskFailure(.rateLimit, "x"))
        let ended = try #require(bench.disk.task(token.task)?.ended.last)
        return ended.retryAt.milliseconds - bench.now.wall.milliseconds
    }

    @Test("It ends when the record says, and the loop wakes for it")
    func due() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 2000, retryCap: 2000))
        let job = bench.job(JobSpec(), count: 1, key: 1)
        let agent = try #require(bench.join(1))
        let delay = try fail(bench, agent)
        #expect(delay > 1)
        bench.core.agentLeft(agent, session: bench.core.session(of: agent), at: bench.now)
        bench.settle()
        #expect(bench.core.nextDeadline == bench.now.instant + Milliseconds(delay))
        bench.pass(delay - 1)
        #expect(bench.state(job) == .backoff)
        bench.pass(1)
        #expect(bench.state(job) == .queued)
    }

    @Test("One that a hold and a release cut short does not end the next")
    func old() throws {
        var tried = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let bench = CoreBench(CoreConfiguration(retryBase: 2000, retryCap: 2000), seed: seed)
            let job = bench.job(JobSpec(), count: 1, key: 1)
            let agent = try #require(bench.join(1))
            let first = try fail(bench, agent)
            _ = bench.control(.hold(TaskSelection(job: job)))
            _ = bench.control(.release(TaskSelection(job: job)))
            guard try fail(bench, agent) > first else { continue }
            tried += 1
            bench.pass(first, heard: [agent])
            #expect(bench.state(job) == .backoff, "seed \(seed)")
        }
        #expect(tried > 3)
    }
}
