import ClusterModel
import Testing

@testable import CoordinatorCore
@testable import Quotas

@Suite("Calls of tasks, and how many tasks the limits let start")
struct AdmissionTests {
    private func bench(_ limits: [(String, String)]) throws -> CoreBench {
        let bench = CoreBench()
        let parsed = try limits.map { name, text in try BucketLimit(name: name, parsing: text) }
        try bench.core.openDesk(limits: parsed, isDurable: false, at: bench.now)
        return bench
    }

    private func ask(
        _ bench: CoreBench, _ number: UInt64, _ token: AttemptToken, from agent: AgentIndex, model: String = ""
    ) -> [CallNotice] {
        let wish = CallWish(number: number, service: "claude", endpoint: "messages", model: model, bodyBytes: 400)
        bench.core.callAsked(wish, for: token, isOpen: false, from: agent, at: bench.now.instant)
        return bench.core.takeCallNotices()
    }

    private func answered(_ bench: CoreBench, _ number: UInt64, from agent: AgentIndex) {
        bench.core.callTold(
            CallNews(.ended, status: 200, input: 100, output: 10), of: number, from: agent, at: bench.now.instant)
    }

    @Test("Without limits every slot is filled; with one, a few tasks until their costs are known")
    func unknownCosts() throws {
        for (limits, started) in [([], 30), ([("claude.requests", "60/min,burst=6")], Admission.firstRamp)] {
            let bench = try bench(limits)
            _ = try #require(bench.hello(1, capacity: 30))
            _ = bench.submit(tasks: 40, key: 1)
            #expect(bench.assign().count == started)
            #expect(bench.assign().isEmpty)
        }
    }

    @Test("Critical tasks are started beside what the limits let through, and their calls go first")
    func critical() throws {
        let bench = try bench([("claude.requests", "60/min,burst=2")])
        let agent = try #require(bench.hello(1, capacity: 30))
        _ = bench.submit(tasks: 40, priority: .bulk, key: 1)
        let bulk = bench.assign()
        #expect(bulk.count == Admission.firstRamp)
        let urgent = bench.submit(tasks: 3, priority: .critical, key: 2)
        let started = bench.assign()
        #expect(started.map(\.token.task.job) == [urgent, urgent, urgent])
        #expect(ask(bench, 1, bulk[0].token, from: agent).map(\.answer) == [.granted])
        #expect(ask(bench, 2, bulk[1].token, from: agent).isEmpty)
        #expect(ask(bench, 3, started[0].token, from: agent).isEmpty)
        bench.now.instant = bench.now.instant + .seconds(1)
        bench.core.keepQuotas(at: bench.now)
        #expect(bench.core.takeCallNotices().map(\.number) == [3])
    }

    @Test(
        "What attempts take says how many keep the tightest limit busy",
        arguments: [nil, "60000000/min,burst=1000000"] as [String?])
    func learnedCosts(tokens: String?) throws {
        let loose = tokens.map { [("claude.input_tokens", $0)] } ?? []
        let bench = try bench([("claude.requests", "60/min,burst=20")] + loose)
        let agent = try #require(bench.hello(1, capacity: 30))
        _ = bench.submit(tasks: 40, key: 1)
        var running = bench.assign().map(\.token)
        // Each is busy for two seconds with one call, and one call a second may go: 1.3 × 2, rounded up, and one.
        for number in 1...8 {
            let token = running.removeFirst()
            _ = ask(bench, UInt64(number), token, from: agent)
            let began = bench.now.wall
            bench.pass(2000, heard: [agent])
            answered(bench, UInt64(number), from: agent)
            bench.core.resultArrived(
                AttemptResult(token: token, state: .succeeded, startedAt: began, finishedAt: bench.now.wall),
                from: agent,
                at: bench.now)
            bench.settle()
        }
        // Two calls wait: nothing more is started than is needed.
        for number in 101...130 {
            guard let token = bench.assign().first?.token ?? running.first else { break }
            running = running.filter { $0 != token } + [token]
            if !ask(bench, UInt64(number), token, from: agent).contains(where: { $0.answer == .granted }) { break }
        }
        var desk = try #require(bench.core.desk)
        let room = desk.room(service: "claude", model: "", at: bench.now.instant)
        #expect(bench.core.admissions[0].needed(room) == 4)
    }

    @Test("The time that its calls were held is not an attempt's own")
    func heldTime() {
        var admission = Admission(model: "")
        var spend = TaskSpend()
        spend.calls = 1
        spend.heldMilliseconds = 1500
        admission.learn(spend, took: 2000)
        #expect(admission.activeMilliseconds == 500)
        spend.heldMilliseconds = 9000
        admission.learn(spend, took: 2000)
        #expect(admission.activeMilliseconds == (500 * 7 + 1) / 8)
    }

    @Test("While the limits are idle, each second twice as many tasks may run")
    func ramp() throws {
        let bench = try bench([("claude.requests", "6000/min,burst=100")])
        let agent = try #require(bench.hello(1, capacity: 60))
        _ = bench.submit(tasks: 60, key: 1)
        var number: UInt64 = 0
        var running = 0
        for expected in [Admission.firstRamp, Admission.firstRamp, 2 * Admission.firstRamp] {
            let started = bench.assign()
            #expect(started.count == expected)
            running += started.count
            for order in started {
                number += 1
                #expect(ask(bench, number, order.token, from: agent).map(\.answer) == [.granted])
            }
            #expect(bench.assign().isEmpty, "not before a second is over")
            bench.pass(1000, heard: [agent])
        }
        #expect(running == 4 * Admission.firstRamp)
    }

    @Test("A limit of calls at once lets a quarter more tasks run, and one")
    func concurrency() throws {
        let bench = try bench([("claude.concurrency", "concurrency=4")])
        _ = try #require(bench.hello(1, capacity: 30))
        _ = bench.submit(tasks: 40, key: 1)
        #expect(bench.assign().count == 6)
    }

    @Test("While a limit is parked for long, nothing is started but critical tasks; why says so")
    func parked() throws {
        let bench = try bench([("claude.requests", "60/min,burst=6")])
        let agent = try #require(bench.hello(1, capacity: 30))
        let first = bench.submit(tasks: 1, key: 1)
        let token = try #require(bench.assign().first?.token)
        #expect(ask(bench, 1, token, from: agent).map(\.answer) == [.granted])
        let words = [LimitWord(limit: "requests", amount: 60, remaining: 0)]
        bench.core.callTold(
            CallNews(.ended, status: 429, retryAfter: .seconds(3600), words: words), of: 1, from: agent,
            at: bench.now.instant)
        let job = bench.submit(tasks: 2, key: 2)
        #expect(bench.assign().isEmpty && bench.state(first) == .running)
        let why = try #require(bench.core.why(TaskID(job: job, index: 0), at: bench.now))
        #expect(why.reasons.map(\.code) == ["quota"], "\(why.reasons)")
        #expect(why.reasons[0].text.contains("claude.requests is parked for 3601 s"), "\(why.reasons)")
        let urgent = bench.submit(tasks: 1, priority: .critical, key: 3)
        #expect(bench.assign().map(\.token.task.job) == [urgent])
        bench.pass(3_601_000, heard: [agent])
        #expect(bench.assign().count == 2)
    }

    @Test("A running task whose call waits is explained; an agent that is lost loses its calls")
    func held() throws {
        let bench = try bench([("claude.requests", "60/min,burst=2")])
        let agent = try #require(bench.hello(1, capacity: 30))
        _ = bench.submit(tasks: 2, key: 1)
        let tokens = bench.assign().map(\.token)
        _ = ask(bench, 1, tokens[0], from: agent)
        #expect(ask(bench, 2, tokens[1], from: agent).isEmpty)
        let why = try #require(bench.core.why(tokens[1].task, at: bench.now))
        #expect(why.reasons.map(\.code) == ["quota"] && why.reasons[0].text.contains("claude.requests has 0 left"))
        #expect(bench.core.desk?.openCalls == 1 && bench.core.desk?.waitingCalls == 1)
        bench.pass(3_000)
        bench.pass(30_000)
        #expect(bench.agentState(agent) == .lost)
        #expect(bench.core.desk?.openCalls == 0 && bench.core.desk?.waitingCalls == 0)
        var desk = try #require(bench.core.desk)
        let spends = tokens.map { desk.takeSpend(of: $0.task.packed) }
        #expect(spends.allSatisfy { $0 == nil }, "nothing is kept of an attempt that is over")
        #expect(bench.core.admissions[0].running == 0 && bench.core.admissions[0].calling == 0)
    }

    @Test("A user's limit is recorded and taken up again; what can't be is refused in words")
    func changes() throws {
        let bench = try bench([("claude.requests", "60/min,burst=6")])
        let handle = ReplyHandle(rawValue: 99)
        func change(_ change: QuotaChange) -> Reply? {
            bench.core.quotaChangeArrived(change, reply: handle, at: bench.now)
            bench.settle()
            for case .reply(handle, let reply) in bench.effects { return reply }
            return nil
        }
        let set = QuotaChange.set("claude.requests", limit: "120/min", burst: 20, reserve: "10%", isShadow: nil)
        guard case .quotaChanged("60/min,burst=6", "120/min,burst=20,reserve=10%") = change(set) else {
            Issue.record("\(bench.effects)")
            return
        }
        #expect(bench.disk.recovered().frame.quotaLimits.map(\.limit) == ["120/min,burst=20,reserve=10%"])
        let bad: [QuotaChange] = [
            .set("claude.requests", limit: "0/min", burst: nil, reserve: nil, isShadow: nil),
            .set("claude.requests", limit: "concurrency=5", burst: nil, reserve: nil, isShadow: nil),
            .set("claude.nonsense", limit: "5/min", burst: nil, reserve: nil, isShadow: nil),
            .set("claude.requests", limit: nil, burst: nil, reserve: "150%", isShadow: nil),
        ]
        for wrong in bad { #expect(change(wrong)?.refusal == .invalid, "\(wrong)") }
        #expect(change(.reset("jira.requests"))?.refusal == .unknownQuota)
        #expect(change(.unpark("jira.requests"))?.refusal == .unknownQuota)
        #expect(
            change(.set("jira.requests", limit: nil, burst: 5, reserve: nil, isShadow: nil))?.refusal == .unknownQuota)

        let frame = bench.disk.recovered().frame
        bench.restart()
        let configured = try BucketLimit(name: "claude.requests", parsing: "60/min,burst=6")
        let unused = try bench.core.openDesk(limits: [configured], isDurable: false, recovered: frame, at: bench.now)
        #expect(unused.isEmpty)
        #expect(
            bench.core.quotaStandings(at: bench.now.instant).map(\.limit.description) == [
                "120/min,burst=20,reserve=10%"
            ])
        guard case .quotaChanged(_, "60/min,burst=6") = change(.reset("claude.requests")) else {
            Issue.record("\(bench.effects)")
            return
        }
        #expect(bench.disk.recovered().frame.quotaLimits.isEmpty)
    }
}
