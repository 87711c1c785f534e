import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Labels and runners")
struct LabelTests {
    @Test("A task goes only where its runner, its needed and its avoided labels allow")
    func fits() throws {
        let bench = CoreBench()
        let options = [
            TaskOptions(needs: [LabelRule(key: "gpu")]), TaskOptions(needs: [LabelRule(key: "gpu", value: "a100")]),
            TaskOptions(avoids: [LabelRule(key: "gpu")]), TaskOptions(runner: "exec"),
            TaskOptions(avoids: [LabelRule(key: "gpu", value: "t4")]),
        ]
        let job = bench.job(
            JobSpec(distribution: .leastLoaded), options: options,
            tasks: (0..<5).map { TaskSpec(prompt: .text("x"), options: $0) }, key: 1)
        let plain = try #require(bench.join(1, runners: ["claude", "exec"]))
        #expect(Set(bench.sent()) == ["\(job).2", "\(job).3", "\(job).4"])
        #expect(bench.core.agentSummaries(at: bench.now.instant)[Int(plain.rawValue)].running == 3)
        #expect(bench.reasons(job, 0).first == "label" && bench.reasons(job, 1).first == "label")
        _ = bench.join(2, labels: ["gpu": "t4"])
        #expect(bench.sent() == ["\(job).0"])
        let why = bench.core.why(TaskID(job: job, index: 1), at: bench.now)?.reasons ?? []
        #expect(why.map(\.code) == ["label", "label"] && why.allSatisfy { $0.text.contains("gpu=a100") }, "\(why)")
        _ = bench.join(3, labels: ["gpu": "a100"])
        #expect(bench.sent() == ["\(job).1"])
    }

    @Test("An agent that comes back with other labels is judged by them")
    func changed() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), options: TaskOptions(needs: [LabelRule(key: "gpu")]), count: 2, key: 1)
        _ = bench.join(1, capacity: 1)
        #expect(bench.assign().isEmpty)
        let agent = try #require(bench.join(1, capacity: 1, labels: ["gpu": "t4"]))
        let order = try #require(bench.assign().first)
        #expect(order.agent == agent)
        bench.report(order.token, from: agent)
        _ = bench.join(1, capacity: 1)
        #expect(bench.assign().isEmpty && bench.reasons(job, 1) == ["label"])
    }

    @Test("A task that no agent may take keeps nobody else waiting, of its own job neither")
    func passed() {
        let bench = CoreBench()
        let stuck = bench.job(
            options: [
                TaskOptions(priority: .critical, needs: [LabelRule(key: "gpu")]), TaskOptions(priority: .critical),
            ],
            tasks: [
                TaskSpec(prompt: .text("a")), TaskSpec(prompt: .text("b"), options: 1), TaskSpec(prompt: .text("c")),
            ], key: 1)
        let other = bench.job(JobSpec(), count: 1, key: 2)
        _ = bench.join(1)
        #expect(bench.sent() == ["\(stuck).1", "\(other).0"])
    }

    @Test("A runner that no agent offers is named")
    func runner() {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), options: TaskOptions(runner: "exec"), count: 1, key: 1)
        _ = bench.join(1)
        #expect(bench.assign().isEmpty && bench.reasons(job) == ["runner"])
        _ = bench.join(2, runners: ["exec"])
        #expect(bench.sent() == ["\(job).0"])
    }

    @Test("When all that fit one job are full, others of its priority still get theirs")
    func others() throws {
        let bench = CoreBench()
        let first = bench.job(
            JobSpec(weight: 1000), options: TaskOptions(needs: [LabelRule(key: "a")]), count: 5, key: 1)
        let second = bench.job(JobSpec(), options: TaskOptions(avoids: [LabelRule(key: "a")]), count: 3, key: 2)
        _ = bench.join(1, capacity: 1, labels: ["a": ""])
        _ = bench.join(2, capacity: 5)
        #expect(bench.sent().sorted() == ["\(first).0", "\(second).0", "\(second).1", "\(second).2"])
    }

    @Test("Two agents that fit share the work; one that is full is passed over")
    func full() throws {
        let bench = CoreBench()
        _ = bench.job(JobSpec(), options: TaskOptions(needs: [LabelRule(key: "a")]), count: 5, key: 1)
        let first = try #require(bench.join(1, capacity: 2, labels: ["a": ""]))
        _ = bench.join(2, capacity: 9)
        let third = try #require(bench.join(3, capacity: 1, labels: ["a": "1"]))
        #expect(bench.assign().map(\.agent.rawValue).sorted() == [first, first, third].map(\.rawValue))
    }
}
