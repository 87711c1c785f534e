import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Turns of a context")
struct ContextTests {
    private func turns(_ count: Int, options: UInt32 = 0) -> [TaskSpec] {
        (0..<count).map { TaskSpec(prompt: .text("\($0)"), options: options, context: "talk") }
    }

    @Test(
        "They go in order, one at a time, to the agent that ran the last",
        arguments: [Distribution.contextAware, .hybrid])
    func affinity(distribution: Distribution) throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(distribution: distribution), tasks: turns(4), key: 1)
        let busy = bench.job(
            JobSpec(distribution: .leastLoaded), options: TaskOptions(priority: .high), count: 1, key: 2)
        let first = try #require(bench.join(1, capacity: 5))
        let second = try #require(bench.join(2, capacity: 5))
        // The first agent is busier, so that a task without a context would go to the second.
        var orders = bench.assign()
        #expect(orders.map(\.token.task.job) == [busy, job] || orders.map(\.token.task.job) == [job, busy])
        let turn = try #require(orders.first { $0.token.task.job == job })
        #expect(turn.agent == second)
        bench.report(try #require(orders.first { $0.token.task.job == busy }).token, from: first)
        bench.report(turn.token, from: second)
        for index in 1..<4 {
            orders = bench.assign()
            #expect(orders.map(\.token.task.index) == [UInt32(index)] && orders[0].agent == second)
            bench.report(orders[0].token, from: orders[0].agent)
        }
    }

    @Test("A context's agent without room, or gone, does not hold its turn back")
    func elsewhere() throws {
        let bench = CoreBench()
        _ = bench.job(JobSpec(distribution: .contextAware), tasks: turns(2), key: 1)
        let first = try #require(bench.join(1, capacity: 1))
        let order = try #require(bench.assign().first)
        bench.report(order.token, from: first)
        bench.core.agentLeft(first, session: bench.core.session(of: first), at: bench.now)
        bench.settle()
        let second = try #require(bench.join(2))
        #expect(bench.assign().map(\.agent) == [second])
    }

    @Test("A failed turn holds the later ones; released, they wait for what they depend on")
    func hold() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: turns(3), key: 1)
        _ = bench.join(1)
        bench.failAll()
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.failed, .held, .blocked])
        #expect(bench.core.taskStates(of: job, from: 1, count: 1).first?.note.contains("turn before it") == true)
        bench.restart()
        _ = bench.join(1)
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.failed, .held, .blocked] && bench.assign().isEmpty)
        #expect(bench.control(.release(TaskSelection(job: job)))?.changed == 1)
        bench.finishAll()
        bench.finishAll()
        #expect(bench.states(job) == [.failed, .succeeded, .succeeded] && bench.isFinished(job))
    }

    @Test(
        "With on-error skip a failed turn skips the rest, whatever the job says of failures", arguments: [false, true])
    func skip(continues: Bool) throws {
        let bench = CoreBench()
        let job = bench.job(
            JobSpec(continuesOnFailure: continues), options: [TaskOptions(onError: .skip)], tasks: turns(3), key: 1)
        _ = bench.join(1)
        bench.failAll()
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.failed, .skipped, .skipped] && bench.isFinished(job))
    }
}
