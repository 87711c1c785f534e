import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Fair shares between jobs of one priority")
struct FairShareTests {
    /// Sends and ends one task at a time.
    private func serve(_ bench: CoreBench, _ agent: AgentIndex, _ count: Int, cost: [JobID: UInt64] = [:]) -> [JobID] {
        (0..<count).compactMap { _ in
            guard let order = bench.assign().first else { return nil }
            bench.report(order.token, from: agent, tokens: cost[order.token.task.job] ?? 100)
            return order.token.task.job
        }
    }

    @Test("A job of three times the weight gets three times as much")
    func weight() throws {
        let bench = CoreBench()
        let light = bench.job(JobSpec(weight: 10), count: 100, key: 1)
        let heavy = bench.job(JobSpec(weight: 30), count: 100, key: 2)
        let agent = try #require(bench.join(1, capacity: 1))
        let served = serve(bench, agent, 80)
        #expect(served.count { $0 == heavy } == 60 && served.count { $0 == light } == 20, "\(served)")
    }

    @Test("A turn that hands out many at once keeps the shares too, before anything is known of their cost")
    func batch() throws {
        let bench = CoreBench()
        let light = bench.job(JobSpec(weight: 10), count: 100, key: 1)
        let heavy = bench.job(JobSpec(weight: 30), count: 100, key: 2)
        _ = bench.join(1, capacity: 80)
        let jobs = bench.assign().map(\.token.task.job)
        #expect(jobs.count { $0 == heavy } == 60 && jobs.count { $0 == light } == 20)
    }

    @Test("Shares are of tokens, not of tasks: who takes four times as many for each gets a quarter of the tasks")
    func cost() throws {
        let bench = CoreBench()
        let cheap = bench.job(JobSpec(), count: 400, key: 1)
        let dear = bench.job(JobSpec(), count: 400, key: 2)
        let agent = try #require(bench.join(1, capacity: 1))
        let served = serve(bench, agent, 200, cost: [cheap: 100, dear: 400])
        let part = served.count { $0 == cheap }
        #expect((150...170).contains(part), "\(part) of 200")
    }

    @Test("Jobs that ask for different agents share alike, and each learns its own cost")
    func kinds() throws {
        let bench = CoreBench()
        let plain = bench.job(JobSpec(), count: 50, key: 1)
        let picky = bench.job(JobSpec(), options: TaskOptions(needs: [LabelRule(key: "a")]), count: 50, key: 2)
        let agent = try #require(bench.join(1, capacity: 1, labels: ["a": ""]))
        let served = serve(bench, agent, 24, cost: [plain: 100, picky: 300])
        #expect(served.count { $0 == plain } == 18, "\(served)")
        #expect(bench.core.expectedTokens(0) == 100 && bench.core.expectedTokens(1) == 300)
    }

    @Test("What was charged too much comes back: a job that turns out cheap is served at once")
    func correction() throws {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 20, key: 1)
        let second = bench.job(JobSpec(), count: 20, key: 2)
        let agent = try #require(bench.join(1, capacity: 2))
        let orders = bench.assign()
        #expect(orders.map(\.token.task.job) == [first, second])
        // Both were charged 1,000; the second took 10.
        bench.report(orders[0].token, from: agent, tokens: 1000)
        bench.report(orders[1].token, from: agent, tokens: 10)
        #expect(serve(bench, agent, 5, cost: [second: 10]).allSatisfy { $0 == second })
    }

    @Test("A job that comes back from idleness has saved nothing up")
    func idle() throws {
        let bench = CoreBench()
        let busy = bench.job(JobSpec(), count: 200, key: 1)
        let idle = bench.job(JobSpec(isPaused: true), count: 100, key: 2)
        let agent = try #require(bench.join(1, capacity: 1))
        #expect(serve(bench, agent, 50).allSatisfy { $0 == busy })
        #expect(bench.control(.resume(idle))?.changed == 1)
        let served = serve(bench, agent, 20)
        #expect((9...11).contains(served.count { $0 == idle }), "\(served)")
    }

    @Test("A lost attempt is paid for, and a job whose attempts are lost gets no more than its share")
    func lost() throws {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 50, key: 1)
        let second = bench.job(JobSpec(), count: 50, key: 2)
        _ = bench.join(1, capacity: 1)
        for round in 2...11 {
            _ = bench.assign()
            _ = bench.hello(1, capacity: 1, incarnation: UInt64(round))
        }
        #expect(bench.core.summary(of: first)?.retried == 5 && bench.core.summary(of: second)?.retried == 5)
        // Nothing is known of what such a task takes.
        #expect(bench.core.tokensLearned == 0)
    }

    @Test("One turn gives out so many orders and no more")
    func bounded() throws {
        let bench = CoreBench(CoreConfiguration(ordersPerTurn: 7))
        _ = bench.job(JobSpec(), count: 20, key: 1)
        _ = bench.join(1, capacity: 100)
        #expect([bench.assign().count, bench.assign().count, bench.assign().count] == [7, 7, 6])
    }

    @Test("No more than max-parallel at once, and the next starts when one ends")
    func parallel() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(maxParallel: 2), count: 5, key: 1)
        let agent = try #require(bench.join(1, capacity: 10))
        var orders = bench.assign()
        #expect(orders.count == 2 && bench.assign().isEmpty && bench.counts(job).running == 2)
        bench.report(orders[0].token, from: agent)
        orders += bench.assign()
        #expect(orders.count == 3 && bench.counts(job).running == 2)
        bench.report(orders[1].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        bench.report(orders[2].token, from: agent, .failed, TaskFailure(.crash, "x"))
        #expect(bench.assign().count == 2)
    }
}
