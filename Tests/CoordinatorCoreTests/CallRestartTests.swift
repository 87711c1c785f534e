import ClusterModel
import Quotas
import Testing

@testable import CoordinatorCore

@Suite("Calls over restarts of the coordinator")
struct CallRestartTests {
    /// Gives the core its limits, as a starting coordinator does.
    private func open(_ bench: CoreBench) throws {
        try bench.core.openDesk(
            limits: [], isDurable: true, recovered: bench.disk.recovered().frame, at: bench.now)
        turn(bench)
    }

    /// One turn of the loop; what it records is on disk at once.
    @discardableResult
    private func turn(_ bench: CoreBench) -> [UInt64] {
        for _ in 0..<3 {
            bench.core.keepQuotas(at: bench.now)
            let turn = bench.core.takeTurn()
            bench.disk.apply(turn.records)
            for case .quotas(let snapshot) in turn.records {
                bench.core.quotasRecorded(snapshot.number, at: bench.now.instant)
            }
        }
        return bench.core.takeCallNotices().map(\.number)
    }

    private func ask(
        _ bench: CoreBench, _ call: UInt64, _ token: AttemptToken, _ agent: AgentIndex, isOpen: Bool = false
    ) {
        let wish = CallWish(number: call, service: "claude", endpoint: "messages", bodyBytes: 400)
        bench.core.callAsked(wish, for: token, isOpen: isOpen, from: agent, at: bench.now.instant)
    }

    private func set(_ bench: CoreBench, _ limit: String) {
        bench.core.quotaChangeArrived(
            .set("claude.concurrency", limit: limit, burst: nil, reserve: nil, isShadow: nil),
            reply: ReplyHandle(rawValue: 99), at: bench.now)
        let turn = bench.core.takeTurn()
        bench.disk.apply(turn.records)
    }

    private func used(_ bench: CoreBench) -> Int64? {
        bench.core.quotaStandings(at: bench.now.instant).first { $0.view.name == "claude.concurrency" }?.view.used
    }

    @Test("A limit that a user has just set counts nothing as held that nobody holds")
    func justSet() throws {
        let bench = CoreBench()
        try open(bench)
        set(bench, "concurrency=8")
        bench.restart(after: 100)
        try open(bench)
        #expect(used(bench) == 0)
    }

    @Test("With a limit of a user's, work goes on after restarts in quick succession, and never above the limit")
    func quick() throws {
        let bench = CoreBench()
        try open(bench)
        var agent = try #require(bench.hello(1, capacity: 20))
        _ = bench.submit(tasks: 20, key: 1)
        set(bench, "concurrency=8")
        let tokens = bench.assign().map(\.token)
        let calls = Array(zip((1 as UInt64)..., tokens + tokens + tokens))
        var open: Set<UInt64> = []
        var ended: Set<UInt64> = []
        for (call, token) in calls { ask(bench, call, token, agent) }
        for _ in 0..<20 { open.formUnion(turn(bench)) }
        #expect(open.count == 8)
        for round in 1...5 {
            bench.restart(after: 400)
            try self.open(bench)
            agent = try #require(bench.hello(1, capacity: 20, running: tokens))
            // In the first and the third round it is killed again before the agent could say what goes on.
            guard round % 2 == 0 || round == 5 else { continue }
            for (call, token) in calls where !ended.contains(call) {
                ask(bench, call, token, agent, isOpen: open.contains(call))
            }
            open.formUnion(turn(bench))
            #expect(open.count <= 8)
            if round == 2, let first = open.sorted().first {
                open.remove(first)
                ended.insert(first)
                bench.core.callTold(
                    CallNews(.ended, status: 200, input: 9, output: 9), of: first, from: agent, at: bench.now.instant)
            }
        }
        // One lease and two seconds: nothing of before counts any more.
        for _ in 0..<33 {
            bench.pass(1000, heard: [agent])
            open.formUnion(turn(bench))
            #expect(open.count <= 8)
        }
        #expect(open.count == 8 && used(bench) == 8)
        while let first = open.sorted().first {
            open.remove(first)
            ended.insert(first)
            bench.core.callTold(
                CallNews(.ended, status: 200, input: 9, output: 9), of: first, from: agent, at: bench.now.instant)
            for _ in 0..<3 {
                bench.pass(1000, heard: [agent])
                open.formUnion(turn(bench))
            }
            #expect(open.count <= 8)
        }
        #expect(ended.count == calls.count, "all calls were made")
        #expect(used(bench) == 0)
    }

    @Test(
        "A core that takes another's place counts open calls as held until they are told again, or the lease is over",
        arguments: [true, false])
    func follow(hasLimitsOfItsOwn: Bool) throws {
        let bench = CoreBench()
        try open(bench)
        var agent = try #require(bench.hello(1, capacity: 20))
        _ = bench.submit(tasks: 10, key: 1)
        set(bench, "concurrency=4")
        let tokens = bench.assign().map(\.token)
        for (call, token) in zip((1 as UInt64)..., tokens.prefix(4)) { ask(bench, call, token, agent) }
        var open: Set<UInt64> = []
        for _ in 0..<20 { open.formUnion(turn(bench)) }
        #expect(open.count == 4)
        let given = bench.core
        bench.restart(after: 0)
        if hasLimitsOfItsOwn { try self.open(bench) }
        bench.core.follow(given, at: bench.now.instant)
        agent = try #require(bench.hello(1, capacity: 20, running: tokens))
        ask(bench, 50, tokens[4], agent)
        #expect(turn(bench).isEmpty, "four calls go on")
        for (call, token) in zip((1 as UInt64)..., tokens.prefix(3)) { ask(bench, call, token, agent, isOpen: true) }
        #expect(turn(bench).isEmpty)
        var later: [UInt64] = []
        for _ in 0..<33 {
            bench.pass(1000, heard: [agent])
            later += turn(bench)
        }
        #expect(later == [50], "the fourth is nobody's any more")
    }
}
