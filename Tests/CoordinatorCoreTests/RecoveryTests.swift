import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("recover")
struct RecoveryTests {
    @Test("Each state goes on where it was")
    func states() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 100_000, retryCap: 100_000), seed: 5)
        let job = bench.submit(tasks: 6, maxAttempts: 2, key: 1)
        let done = bench.submit(tasks: 1, priority: .critical, key: 2)
        let agent = try #require(bench.hello(1, capacity: 6))
        let orders = bench.assign()  // done.0, job.0 … job.4
        bench.report(orders[0].token, from: agent)
        bench.report(orders[1].token, from: agent)  // job.0 succeeded
        bench.report(orders[2].token, from: agent, .failed, TaskFailure(.crash, "x"))  // job.1 in backoff
        _ = bench.cancel(job, [2])  // job.2 runs and was told
        _ = bench.hello(1, capacity: 6, running: [orders[3].token, orders[4].token])  // job.4 was given up
        let before = bench.core.digest
        bench.restart(after: 10)
        #expect(bench.core.digest == before)
        #expect((0..<6).map { bench.state(job, $0) } == [.succeeded, .backoff, .running, .running, .queued, .queued])
        #expect(bench.core.summary(of: done)?.finishedAt != nil)
        #expect(bench.core.openAttemptCount == 2 && bench.core.unfinishedTaskCount == 5)
        // Others go on at once, the open ones wait for their agent.
        let other = try #require(bench.hello(2, capacity: 1))
        #expect(bench.assign().map(\.token.task.index) == [4])
        #expect(bench.agentState(agent) == .awaited)
        #expect(bench.hello(1, capacity: 6, running: [orders[3].token, orders[4].token]) == agent)
        #expect(bench.told == [orders[3].token] && bench.abandoned.isEmpty)
        bench.report(orders[3].token, from: agent, .cancelled)
        bench.report(orders[4].token, from: agent)
        #expect(bench.state(job, 2) == .cancelled && bench.state(job, 3) == .succeeded)
        // The failure counts on: one more ends it.
        bench.pass(100_000, heard: [agent, other])
        let retry = try #require(bench.assign().first { $0.token.task.index == 1 })
        #expect(retry.token.attempt == 2)
        bench.report(retry.token, from: retry.agent, .failed, TaskFailure(.crash, "x"))
        #expect(bench.state(job, 1) == .failed)
    }

    @Test(
        "An awaited agent that does not come within a lease is lost; one that comes without its attempt loses it at once"
    )
    func awaited() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1)
        _ = bench.hello(1, capacity: 1)
        _ = bench.assign()
        _ = bench.hello(2, capacity: 1)
        _ = bench.assign()
        bench.restart(after: 60_000)
        #expect(bench.core.nextDeadline == bench.now.instant + 30_000)
        #expect(bench.hello(2, incarnation: 2) != nil)
        #expect((0..<2).map { bench.state(job, $0) } == [.running, .queued])
        bench.pass(29_999)
        #expect(bench.state(job, 0) == .running)
        bench.pass(1)
        #expect((0..<2).map { bench.state(job, $0) } == [.queued, .queued])
    }

    @Test("A submit is known again by its key, a late result by its token")
    func known() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 1, key: 1)
        let first = try #require(bench.hello(1))
        let token = try #require(bench.assign().first).token
        bench.restart()
        #expect(bench.submit(tasks: 1, key: 1) == job)
        bench.pass(30_000)
        #expect(bench.state(job) == .queued)
        bench.restart()
        #expect(bench.state(job) == .queued)
        _ = bench.hello(1, finished: [token])
        bench.report(token, from: first)
        #expect(bench.state(job) == .succeeded && bench.disk.setAside.isEmpty)
        bench.restart()
        #expect(bench.submit(tasks: 1, key: 1) == job)
        #expect(bench.submit(tasks: 1, key: 2) == JobID(rawValue: 2))
        // A report of what has ended adds nothing.
        _ = bench.hello(1)
        bench.report(token, from: AgentIndex(rawValue: 0))
        #expect(bench.disk.setAside.map(\.reason) == [.stale])
    }

    @Test("A calendar that was set back makes no task wait longer than a backoff can be")
    func calendar() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 2000, retryCap: 2000))
        let job = bench.submit(tasks: 1, key: 1)
        let agent = try #require(bench.hello(1))
        bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.crash, "x"))
        bench.now.wall.milliseconds -= 3_600_000
        bench.restart()
        #expect(bench.state(job) == .backoff)
        bench.pass(2000)
        #expect(bench.state(job) == .queued)
    }

    @Test("A core that takes the place of one given up numbers sessions on")
    func sessions() throws {
        let bench = CoreBench()
        let agent = try #require(bench.hello(1))
        let before = bench.core.session(of: agent)
        var next = CoordinatorCore(storeID: bench.core.storeID, term: bench.core.term, seed: 3)
        next.recover(bench.disk.recovered(), at: bench.now)
        next.follow(bench.core, at: bench.now.instant)
        bench.core = next
        let again = try #require(bench.hello(1))
        #expect(bench.core.session(of: again) > before)
    }
}
