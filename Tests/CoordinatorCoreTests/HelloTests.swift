import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("What an introduction, a heartbeat and a goodbye may change")
struct HelloTests {
    @Test("A hello that was overtaken changes nothing")
    func overtaken() throws {
        let bench = CoreBench()
        let agent = try #require(bench.join(1, introduction: 5))
        let session = bench.core.session(of: agent)
        #expect(bench.join(1, introduction: 4) == nil && bench.core.session(of: agent) == session)
        #expect(bench.join(1, introduction: 5) == agent && bench.core.session(of: agent) > session)
    }

    @Test("A heartbeat does not bring back an agent that left")
    func gone() throws {
        let bench = CoreBench()
        let agent = try #require(bench.join(1))
        let session = bench.core.session(of: agent)
        bench.core.agentLeft(agent, session: session, at: bench.now)
        bench.settle()
        #expect(!bench.heartbeat(agent, session: session, capacity: 5) && bench.agentState(agent) == .gone)
    }

    @Test("A suspect agent of which anything is heard is live again")
    func heard() throws {
        let bench = CoreBench()
        let agent = try #require(bench.join(1))
        bench.pass(3000)
        #expect(bench.agentState(agent) == .suspect)
        bench.pass(100, heard: [agent])
        #expect(bench.agentState(agent) == .live)
    }

    @Test("It abandons what another holds, what was replaced, and what has failed already")
    func abandons() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 2, key: 1)
        let first = try #require(bench.join(1, capacity: 1))
        let token = try #require(bench.assign().first).token
        _ = bench.hello(2, running: [token])
        #expect(bench.abandoned == [token] && bench.state(job) == .running)
        // It is given up and sent to the same agent anew: the first of them is no longer wanted.
        _ = bench.hello(1, capacity: 1, incarnation: 2)
        bench.core.agentLeft(
            AgentIndex(rawValue: 1), session: bench.core.session(of: AgentIndex(rawValue: 1)), at: bench.now)
        bench.settle()
        let second = try #require(bench.assign().first).token
        #expect(second.task == token.task && second.attempt == 2)
        _ = bench.hello(1, capacity: 1, incarnation: 2, running: [token, second])
        #expect(bench.abandoned == [token])
        bench.report(second, from: first, .failed, TaskFailure(.crash, "x"))
        _ = bench.hello(1, capacity: 0, incarnation: 2, running: [second])
        #expect(bench.abandoned == [second] && bench.state(job) == .backoff)
    }

    @Test("After a failed transaction sessions go on where they were")
    func follow() throws {
        let bench = CoreBench()
        let agent = try #require(bench.join(1))
        var next = CoordinatorCore(storeID: bench.core.storeID, term: bench.core.term, seed: 3)
        next.follow(bench.core, at: bench.now.instant)
        let session = bench.core.session(of: agent)
        bench.core = next
        bench.core.recover(bench.disk.recovered(), at: bench.now)
        bench.settle()
        let again = try #require(bench.join(1))
        #expect(bench.core.session(of: again) > session)
    }
}
