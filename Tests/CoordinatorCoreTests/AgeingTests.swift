import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Ageing")
struct AgeingTests {
    @Test(
        "What waited long goes before what is more urgent, once; without ageing it never does",
        arguments: [true, false])
    func age(isOn: Bool) throws {
        let bench = CoreBench(CoreConfiguration(ageing: isOn ? 1000 : 0))
        let low = bench.job(JobSpec(), options: TaskOptions(priority: .low), count: 3, key: 1)
        let normal = bench.job(JobSpec(), count: 3, key: 2)
        bench.pass(2500)
        // Both have waited: they stand two levels higher each.
        let agent = try #require(bench.join(1, capacity: 1))
        let first = try #require(bench.assign().first)
        #expect(first.token.task.job == normal)
        bench.report(first.token, from: agent)
        // The served lane is back at its own level; the other has grown on.
        bench.pass(500, heard: [agent])
        let second = try #require(bench.assign().first)
        #expect(second.token.task.job == (isOn ? low : normal))
        bench.report(second.token, from: agent)
        #expect(bench.assign().first?.token.task.job == normal)
    }

    @Test("Age never reaches critical, and a task that is submitted later begins at its own level")
    func most() throws {
        let bench = CoreBench(CoreConfiguration(ageing: 1000))
        let old = bench.job(JobSpec(), options: TaskOptions(priority: .bulk), count: 2, key: 1)
        bench.pass(100_000)
        let high = bench.job(JobSpec(), options: TaskOptions(priority: .high), count: 1, key: 2)
        let critical = bench.job(JobSpec(), options: TaskOptions(priority: .critical), count: 1, key: 3)
        let agent = try #require(bench.join(1, capacity: 1))
        var sent: [JobID] = []
        while let order = bench.assign().first {
            sent.append(order.token.task.job)
            bench.report(order.token, from: agent)
        }
        #expect(sent == [critical, old, high, old])
    }

    @Test("A restart does not age what it takes up")
    func restart() {
        let bench = CoreBench(CoreConfiguration(ageing: 1000))
        let bulk = bench.job(JobSpec(), options: TaskOptions(priority: .bulk), count: 1, key: 1)
        let high = bench.job(JobSpec(), options: TaskOptions(priority: .high), count: 1, key: 2)
        bench.restart(after: 100_000)
        bench.pass(0)
        _ = bench.join(1, capacity: 1)
        #expect(bench.sent() == ["\(high).0"] && bench.state(bulk) == .queued)
    }

    @Test("A job that adds tasks does not start its wait anew")
    func adds() throws {
        let bench = CoreBench(CoreConfiguration(ageing: 1000))
        let low = bench.job(JobSpec(), options: TaskOptions(priority: .low), count: 1, key: 1, seal: false)
        bench.pass(1600)
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 1, tasks: bench.plain(1), seal: true)
        #expect(bench.submit(more)?.submitted == [1, 2, 1])
        bench.pass(1600)
        _ = bench.job(JobSpec(), count: 1, key: 2)
        _ = bench.join(1, capacity: 1)
        #expect(bench.assign().first?.token.task.job == low)
    }
}
