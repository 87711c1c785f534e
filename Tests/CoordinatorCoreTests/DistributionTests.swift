import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("assignWork")
struct DistributionTests {
    @Test("Priority goes first, then each job in its turn, and in a job who came first")
    func order() throws {
        let bench = CoreBench()
        let low = bench.submit(tasks: 2, priority: .low, key: 1)
        let normal = bench.submit(tasks: 2, key: 2)
        let critical = bench.submit(tasks: 1, priority: .critical, key: 3)
        let later = bench.submit(tasks: 1, key: 4)
        let agent = try #require(bench.hello(1, capacity: 2))
        var sent: [String] = []
        for _ in 0..<3 {
            let orders = bench.assign()
            for order in orders {
                sent.append(order.token.task.description)
                bench.report(order.token, from: agent)
            }
        }
        #expect(sent == ["\(critical).0", "\(normal).0", "\(later).0", "\(normal).1", "\(low).0", "\(low).1"])
    }

    @Test("The least loaded agent goes first, none beyond its capacity, and a task is sent once")
    func load() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 10, key: 1)
        let small = try #require(bench.hello(1, capacity: 2))
        let large = try #require(bench.hello(2, capacity: 4))
        let orders = bench.assign()
        #expect(orders.count == 6 && Set(orders.map(\.token)).count == 6)
        #expect(orders.filter { $0.agent == small }.count == 2 && orders.filter { $0.agent == large }.count == 4)
        #expect(bench.assign().isEmpty)
        bench.report(orders.first { $0.agent == large }!.token, from: large)
        #expect(bench.assign().map(\.agent) == [large])
        // An agent that lowers its capacity gets no more, and keeps what it has.
        #expect(
            bench.heartbeat(large, session: bench.core.session(of: large), capacity: 1))
        bench.report(orders.last { $0.agent == large }!.token, from: large)
        #expect(bench.assign().isEmpty)
        #expect(bench.core.summary(of: job)?.counts.running == 5)
    }

    @Test("One packed row for a batch and agent; it is retired with its last attempt")
    func rows() throws {
        let bench = CoreBench()
        _ = bench.submit(tasks: 3, key: 1)
        let agent = try #require(bench.hello(1))
        let orders = bench.assign()
        #expect(bench.disk.rows.count == 1 && bench.disk.rows.values.first?.attempts.count == 3)
        bench.report(orders[0].token, from: agent)
        bench.report(orders[1].token, from: agent)
        #expect(bench.disk.rows.count == 1)
        bench.report(orders[2].token, from: agent)
        #expect(bench.disk.rows.isEmpty)
    }
}
