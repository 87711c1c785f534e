import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Ways of distribution")
struct DistributionStrategyTests {
    /// Where tasks of such a job go, one turn after the other, on agents of these capacities.
    private func places(
        _ distribution: Distribution, _ placement: Placement = .spread, capacities: [UInt32], count: Int,
        before: (CoreBench) -> Void = { _ in }
    ) -> [Int32] {
        let bench = CoreBench()
        for (place, capacity) in capacities.enumerated() { _ = bench.join(UInt64(place + 1), capacity: capacity) }
        before(bench)
        _ = bench.job(JobSpec(distribution: distribution, placement: placement), count: count, key: 99)
        return bench.assign().map(\.agent.rawValue)
    }

    @Test("Round-robin: one after the other, the full ones passed over")
    func roundRobin() {
        #expect(places(.roundRobin, capacities: [2, 3, 1], count: 3).sorted() == [0, 1, 2])
        let all = places(.roundRobin, capacities: [2, 3, 1], count: 6)
        #expect([0, 1, 2].map { place in all.count { $0 == place } } == [2, 3, 1])
    }

    @Test("Round-robin goes on where the last turn stopped")
    func roundRobinOverTurns() throws {
        let bench = CoreBench()
        for id in 1...3 { _ = bench.join(UInt64(id)) }
        let job = bench.job(JobSpec(distribution: .roundRobin, maxParallel: 1), count: 6, key: 1)
        var places: [Int32] = []
        while let order = bench.assign().first {
            places.append(order.agent.rawValue)
            bench.report(order.token, from: order.agent)
        }
        #expect(places == [0, 1, 2, 0, 1, 2] && bench.isFinished(job))
    }

    @Test("Least loaded: the lowest share of its capacity in use")
    func leastLoaded() {
        let placed = places(.leastLoaded, capacities: [2, 8], count: 5)
        #expect([0, 1].map { place in placed.count { $0 == place } } == [1, 4], "\(placed)")
    }

    @Test("Priority: the most free places")
    func priority() {
        let placed = places(.priority, capacities: [2, 8], count: 6)
        #expect(placed == [1, 1, 1, 1, 1, 1], "\(placed)")
        // A large agent in half use has more places free than a small idle one.
        #expect(places(.priority, capacities: [2, 9, 3], count: 7).allSatisfy { $0 == 1 })
    }

    @Test(
        "Pack: one agent is filled before the next",
        arguments: [Distribution.leastLoaded, .priority, .contextAware, .hybrid])
    func pack(distribution: Distribution) {
        let placed = places(distribution, .pack, capacities: [3, 3, 3], count: 5)
        #expect(placed.prefix(3).allSatisfy { $0 == placed[0] } && Set(placed).count == 2, "\(placed)")
        // The one in use goes on, not the first of the table.
        let bench = CoreBench()
        _ = bench.join(1, capacity: 4, labels: ["a": ""])
        _ = bench.join(2, capacity: 4, labels: ["b": ""])
        _ = bench.job(JobSpec(), options: TaskOptions(needs: [LabelRule(key: "b")]), count: 1, key: 1)
        #expect(bench.assign().map(\.agent.rawValue) == [1])
        _ = bench.job(JobSpec(distribution: distribution, placement: .pack), count: 4, key: 2)
        let more = bench.assign().map(\.agent.rawValue)
        #expect(more.count { $0 == 1 } == 3 && more.count { $0 == 0 } == 1)
    }

    @Test("Hybrid takes the faster of two idle agents; least-loaded the first")
    func speed() throws {
        let bench = CoreBench()
        let slow = try #require(bench.join(1, capacity: 2))
        let fast = try #require(bench.join(2, capacity: 2))
        _ = bench.job(JobSpec(distribution: .leastLoaded), count: 2, key: 1)
        for order in bench.assign() {
            bench.report(order.token, from: order.agent, tokens: 1, milliseconds: order.agent == slow ? 9000 : 1000)
        }
        let hybrid = bench.job(JobSpec(distribution: .hybrid), count: 1, key: 2)
        let order = try #require(bench.assign().first)
        #expect(order.agent == fast && order.token.task.job == hybrid)
        bench.report(order.token, from: fast, tokens: 1, milliseconds: 1000)
        _ = bench.job(JobSpec(distribution: .leastLoaded), count: 1, key: 3)
        #expect(bench.assign().map(\.agent) == [slow])
    }

    @Test("Speed is an average, and a clock that jumped says nothing of it")
    func average() throws {
        let bench = CoreBench()
        let agent = try #require(bench.join(1))
        _ = bench.job(JobSpec(), count: 4, key: 1)
        let orders = bench.assign()
        var learned: [UInt32] = []
        for (order, took) in zip(orders, [800, 1600, -5, 90_000_000] as [Int64]) {
            bench.report(order.token, from: agent, tokens: 1, milliseconds: took)
            learned.append(bench.core.agents[0].millisecondsLearned)
        }
        #expect(learned == [800, 900, 900, 900])
    }
}
