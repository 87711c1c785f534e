import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Agents come, go and fall silent")
struct AgentTests {
    @Test("A name that a live agent bears is refused, with what to do; not when that agent is lost")
    func nameTaken() throws {
        let bench = CoreBench()
        let first = try #require(bench.hello(1, name: "same"))
        #expect(bench.hello(2, name: "same") == nil)
        guard case .refuse(let route, let refusal) = bench.effects.first else {
            Issue.record("nothing was answered")
            return
        }
        #expect(
            route.rawValue == 2 && refusal.code == "name_taken" && refusal.message.contains("--name") && !refusal.final)
        // The same agent may come again at any time.
        #expect(bench.hello(1, name: "same", incarnation: 2) == first)
        bench.pass(3000)
        #expect(bench.agentState(first) == .suspect)
        #expect(bench.hello(2, name: "same") == nil, "one that is silent for a moment comes back under its name")
        bench.pass(27_000)
        #expect(bench.agentState(first) == .lost)
        #expect(bench.hello(2, name: "same") != nil)
    }

    @Test("The table of agents has a limit; who has been gone for long makes room")
    func limit() throws {
        let bench = CoreBench(CoreConfiguration(maxAgents: 1, forgetAgentsAfter: .seconds(60)))
        let first = try #require(bench.hello(1))
        #expect(bench.hello(2) == nil)
        bench.core.agentLeft(first, session: bench.core.session(of: first), at: bench.now)
        bench.settle()
        #expect(bench.hello(2) == nil)
        bench.pass(60_000)
        #expect(bench.hello(2) == first)
        // Its predecessor's session is worth nothing.
        #expect(!bench.heartbeat(first, session: 0, capacity: 1))
    }

    @Test("What it names goes on, what it doesn't is queued at once in its old place, what isn't its own is abandoned")
    func again() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 3, key: 1)
        let agent = try #require(bench.hello(1, capacity: 2))
        let orders = bench.assign()
        let stranger = AttemptToken(store: StoreID(rawValue: 8), task: orders[0].token.task, attempt: 1)
        let never = AttemptToken(store: StoreID(rawValue: 7), task: TaskID(job: job, index: 9), attempt: 1)
        #expect(bench.hello(1, capacity: 2, incarnation: 2, running: [orders[0].token, stranger, never]) == agent)
        #expect(bench.abandoned == [stranger, never])
        #expect(bench.state(job, 0) == .running && bench.state(job, 1) == .queued)
        // Before task 2, which came after it; as a new attempt that burnt nothing.
        let next = bench.assign()
        #expect(next.map(\.token.task.index) == [1] && next[0].token.attempt == 2)
        #expect(bench.disk.task(TaskID(job: job, index: 1))?.ended.map(\.failures) == [0])
        // One whose result is on its way is neither queued nor abandoned.
        _ = bench.hello(1, capacity: 2, incarnation: 3, running: [next[0].token], finished: [orders[0].token])
        #expect(bench.abandoned.isEmpty && bench.state(job, 0) == .running)
    }

    @Test("Silence: no new work, then its attempts are given up, and a heartbeat can't undo it")
    func silence() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1)
        let agent = try #require(bench.hello(1, capacity: 1))
        let session = bench.core.session(of: agent)
        let token = try #require(bench.assign().first).token
        #expect(bench.core.nextDeadline == bench.now.instant + 3000)
        bench.pass(2999)
        #expect(bench.agentState(agent) == .live)
        bench.pass(1)
        #expect(bench.agentState(agent) == .suspect && bench.state(job, 0) == .running)
        #expect(
            bench.heartbeat(agent, session: session, capacity: 5))
        #expect(bench.agentState(agent) == .live)
        bench.pass(3000)
        #expect(bench.assign().isEmpty)
        bench.pass(26_999)
        #expect(bench.state(job, 0) == .running)
        bench.pass(1)
        #expect(bench.agentState(agent) == .lost && bench.state(job, 0) == .queued)
        #expect(
            !bench.heartbeat(agent, session: session, capacity: 5)
        )
        #expect(bench.assign().isEmpty)
        // It comes back with the attempt that nobody else got: it keeps it.
        #expect(bench.hello(1, capacity: 1, running: [token]) == agent)
        #expect(bench.abandoned.isEmpty && bench.state(job, 0) == .running && bench.assign().isEmpty)
        bench.report(token, from: agent)
        #expect(bench.state(job, 0) == .succeeded)
    }

    @Test("A lost agent's attempt that was sent elsewhere is abandoned when it comes back")
    func replaced() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 1, key: 1)
        let first = try #require(bench.hello(1))
        let token = try #require(bench.assign().first).token
        bench.pass(3000)
        bench.pass(27_000)
        let second = try #require(bench.hello(2))
        let successor = try #require(bench.assign().first)
        #expect(successor.agent == second && successor.token.attempt == 2)
        #expect(bench.hello(1, running: [token]) == first)
        #expect(bench.abandoned == [token])
        bench.report(token, from: first)
        #expect(bench.disk.setAside.map(\.reason) == [.stale] && bench.state(job) == .running)
        bench.report(successor.token, from: second)
        #expect(bench.state(job) == .succeeded)
    }

    @Test("A turn of the loop that stood still is blamed on no agent")
    func stall() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 1, key: 1)
        let agent = try #require(bench.hello(1))
        _ = bench.assign()
        bench.core.loopStalled(for: .seconds(100))
        bench.pass(100_000)
        #expect(bench.agentState(agent) == .live && bench.state(job) == .running)
        bench.pass(3000)
        #expect(bench.agentState(agent) == .suspect)
    }

    @Test("An agent that leaves hands its work back; a stale session can't make it leave")
    func leaves() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 1, key: 1)
        let agent = try #require(bench.hello(1))
        _ = bench.assign()
        let old = bench.core.session(of: agent)
        let token = AttemptToken(store: StoreID(rawValue: 7), task: TaskID(job: job, index: 0), attempt: 1)
        _ = bench.hello(1, running: [token])
        bench.core.agentLeft(agent, session: old, at: bench.now)
        bench.settle()
        #expect(bench.state(job) == .running)
        bench.core.agentLeft(agent, session: bench.core.session(of: agent), at: bench.now)
        bench.settle()
        #expect(bench.state(job) == .queued && bench.agentState(agent) == .gone)
    }
}
