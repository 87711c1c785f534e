import ClusterModel
import Quotas
import Testing

@testable import CoordinatorCore

@Suite("Budgets, call by call")
struct CallBudgetTests {
    private static let model = "claude-sonnet-4-5"

    private func begin(
        _ spec: JobSpec, tasks: Int, _ configuration: CoreConfiguration = CoreConfiguration(),
        options: TaskOptions = TaskOptions()
    ) throws -> (CoreBench, JobID, AgentIndex) {
        let bench = CoreBench(configuration)
        try bench.core.openDesk(limits: [], isDurable: false, at: bench.now)
        let job = bench.job(spec, options: options, count: tasks, key: 1)
        return (bench, job, try #require(bench.join(1, capacity: 50)))
    }

    private func ask(_ bench: CoreBench, _ number: UInt64, _ token: AttemptToken, _ agent: AgentIndex) -> [CallNotice] {
        let wish = CallWish(number: number, service: "claude", endpoint: "messages", model: Self.model, bodyBytes: 400)
        bench.core.callAsked(wish, for: token, isOpen: false, from: agent, at: bench.now.instant)
        bench.settle()
        return bench.core.takeCallNotices()
    }

    /// A call has ended with so many tokens written: 15 millionths of a dollar each.
    private func ended(_ bench: CoreBench, _ number: UInt64, _ agent: AgentIndex, output: Int64) {
        bench.core.callTold(
            CallNews(.ended, status: 200, input: 0, output: output), of: number, from: agent, at: bench.now.instant)
        bench.settle()
    }

    private func keep(_ bench: CoreBench) -> [UInt64] {
        bench.core.keepQuotas(at: bench.now)
        bench.settle()
        return bench.core.takeCallNotices().map(\.number)
    }

    @Test("Running tasks together don't go on when the job's budget is used up: their next calls wait, in words")
    func hold() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 1_000_000), tasks: 4)
        let tokens = bench.assign().map(\.token)
        #expect(tokens.count == 4)
        for (place, token) in tokens.enumerated() { #expect(ask(bench, UInt64(place), token, agent).count == 1) }
        for place in 0..<4 { ended(bench, UInt64(place), agent, output: 20_000) }
        // 4 × $0.30 is more than the dollar, and no attempt has reported.
        for (place, token) in tokens.enumerated() { #expect(ask(bench, UInt64(10 + place), token, agent).isEmpty) }
        #expect(ask(bench, 10, tokens[0], agent).isEmpty, "asked twice it waits once")
        let why = try #require(bench.core.why(tokens[0].task, at: bench.now))
        #expect(
            why.reasons.map(\.code) == ["budget"] && why.reasons[0].text.contains("$1.20 of $1.00"), "\(why.reasons)")
        #expect(keep(bench).isEmpty)
        #expect(bench.control(.budget(job, microUSD: 3_000_000, tokens: nil))?.changed == 1)
        #expect(keep(bench) == [10, 11, 12, 13])
    }

    @Test("What goes on counts as it was estimated; what was not made after all gives room")
    func estimates() throws {
        let (bench, _, agent) = try begin(JobSpec(budgetTokens: 1500), tasks: 3)
        let tokens = bench.assign().map(\.token)
        #expect(ask(bench, 1, tokens[0], agent).count == 1)
        // An answer of 1,000 tokens is expected, and 152 of input.
        #expect(ask(bench, 2, tokens[1], agent).count == 1)
        #expect(ask(bench, 3, tokens[2], agent).isEmpty)
        bench.core.callTold(CallNews(.withdrawn), of: 2, from: agent, at: bench.now.instant)
        #expect(keep(bench) == [3])
        bench.core.callTold(CallNews(.ended, status: 429, retryAfter: 1), of: 3, from: agent, at: bench.now.instant)
        bench.settle()
        #expect(bench.core.jobs[0].callSpend.tokens == 1152)
    }

    @Test("With `stop` a call is refused in words, and its task ends so")
    func stop() throws {
        var spec = JobSpec(budgetMicroUSD: 100_000)
        spec.onBudget = .stop
        let (bench, job, agent) = try begin(spec, tasks: 1)
        let token = try #require(bench.assign().first?.token)
        #expect(ask(bench, 1, token, agent).map(\.answer) == [.granted])
        ended(bench, 1, agent, output: 10_000)
        let answer = try #require(ask(bench, 2, token, agent).first?.answer)
        guard case .refused(let why) = answer else { throw Missing() }
        #expect(why.contains("the budget of job 1 is used up"))
        bench.report(token, from: agent, .failed, TaskFailure(.permanent, "the API call failed (status 400)"))
        #expect(bench.state(job) == .failed)
        #expect(bench.disk.task(token.task)?.end?.failure?.known == .budget)
    }

    private struct Missing: Error {}

    @Test("The day's budget holds calls of all jobs until the next day")
    func day() throws {
        let (bench, _, agent) = try begin(
            JobSpec(), tasks: 2, CoreConfiguration(perDay: Spend(microUSD: 300_000)))
        let tokens = bench.assign().map(\.token)
        _ = ask(bench, 1, tokens[0], agent)
        ended(bench, 1, agent, output: 20_000)
        #expect(ask(bench, 2, tokens[1], agent).isEmpty)
        #expect(bench.core.nextDeadline <= bench.now.instant + Milliseconds(86_400_000))
        bench.report(tokens[0], from: agent)
        #expect(keep(bench) == [2], "it cost less than its calls seemed to")
    }

    @Test("A turn that is broken off is charged what its calls took; so is an attempt that is lost")
    func unreported() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 9_000_000), tasks: 2)
        let tokens = bench.assign().map(\.token)
        for (number, token) in zip((1 as UInt64)..., tokens) {
            _ = ask(bench, number, token, agent)
            ended(bench, number, agent, output: 1000)
        }
        bench.core.resultArrived(
            AttemptResult(
                token: tokens[0], state: .failed, failure: TaskFailure(.rateLimit, "held"), startedAt: bench.now.wall,
                finishedAt: bench.now.wall, notBurnt: true), from: agent, at: bench.now)
        bench.settle()
        #expect(bench.core.summary(of: job)?.costMicroUSD == 15_000)
        #expect(bench.hello(1, running: []) != nil)
        #expect(bench.core.summary(of: job)?.costMicroUSD == 30_000)
        #expect(bench.core.summary(of: job)?.usage.outputTokens == 2000)
    }

    @Test(
        "A referee that knows what calls cost: none begins when all is spent, and no job goes further than its open calls",
        arguments: 1...40)
    func referee(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let budget = UInt64.random(in: 50_000...3_000_000, using: &random)
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: budget), tasks: 60)
        var referee = BudgetReferee(budget: budget)
        var running: [AttemptToken] = []
        var number: UInt64 = 0
        for _ in 0..<1500 {
            running += bench.assign().map(\.token)
            guard let token = running.randomElement(using: &random) else { break }
            let state = referee.attempts[token] ?? .init()
            switch state.call {
            case nil where state.calls >= 3 && Bool.random(using: &random):
                bench.core.resultArrived(
                    AttemptResult(
                        token: token, state: .succeeded, usage: Usage(outputTokens: state.tokens),
                        costMicroUSD: state.spent, startedAt: bench.now.wall, finishedAt: bench.now.wall),
                    from: agent, at: bench.now)
                bench.settle()
                running.removeAll { $0 == token }
                referee.reported(token)
            case nil:
                number += 1
                referee.asked(number, token)
                for notice in ask(bench, number, token, agent) where notice.answer == .granted {
                    referee.granted(notice.number)
                }
            case .waits(let call):
                // As an agent does after five minutes: the turn is broken off, and tried again another time.
                guard Int.random(in: 0..<6, using: &random) == 0 else { break }
                bench.core.callTold(CallNews(.withdrawn), of: call, from: agent, at: bench.now.instant)
                bench.core.resultArrived(
                    AttemptResult(
                        token: token, state: .failed, failure: TaskFailure(.rateLimit, "held"),
                        startedAt: bench.now.wall, finishedAt: bench.now.wall, notBurnt: true), from: agent,
                    at: bench.now)
                bench.settle()
                running.removeAll { $0 == token }
                referee.reported(token)
            case .open(let call):
                let output = Int64.random(in: 1...6000, using: &random)
                referee.ended(call, output: UInt64(output))
                ended(bench, call, agent, output: output)
            }
            for call in keep(bench) { referee.granted(call) }
            bench.pass(Int64.random(in: 0...3000, using: &random), heard: [agent])
            #expect(referee.faults.isEmpty, "\(referee.faults)")
            if !referee.faults.isEmpty { return }
        }
        #expect(referee.spent > budget / 2, "it was used: \(referee.spent) of \(budget)")
        #expect(bench.core.summary(of: job)?.costMicroUSD == referee.reportedSpend)
    }
}

/// Knows what each call really costs, by the price list alone, and nothing of how budgets are kept.
struct BudgetReferee {
    enum Call { case waits(UInt64), open(UInt64) }
    struct Attempt {
        var call: Call?
        var calls = 0
        var spent: UInt64 = 0
        var tokens: UInt64 = 0
    }

    let budget: UInt64
    var attempts: [AttemptToken: Attempt] = [:]
    var reportedSpend: UInt64 = 0
    var spent: UInt64 = 0
    var faults: [String] = []
    private var owners: [UInt64: AttemptToken] = [:]
    private var open: Set<UInt64> = []
    /// Calls that were open when the budget was used up.
    private var openAtEnd: Int?
    private var dearest: UInt64 = 0

    init(budget: UInt64) { self.budget = budget }

    mutating func asked(_ call: UInt64, _ token: AttemptToken) {
        owners[call] = token
        attempts[token, default: Attempt()].call = .waits(call)
    }

    mutating func granted(_ call: UInt64) {
        guard let token = owners[call] else { return faults.append("call \(call) was granted and never asked for") }
        if spent >= budget { faults.append("call \(call) was let go with \(spent) of \(budget) spent") }
        attempts[token, default: Attempt()].call = .open(call)
        open.insert(call)
    }

    /// Fifteen dollars for a million tokens.
    mutating func ended(_ call: UInt64, output: UInt64) {
        guard let token = owners[call] else { return }
        open.remove(call)
        let cost = output * 15
        dearest = max(dearest, cost)
        spent += cost
        attempts[token, default: Attempt()].spent += cost
        attempts[token, default: Attempt()].tokens += output
        attempts[token, default: Attempt()].calls += 1
        attempts[token, default: Attempt()].call = nil
        if spent >= budget, openAtEnd == nil { openAtEnd = open.count }
        if let openAtEnd, spent - budget > dearest * UInt64(openAtEnd + 1) {
            faults.append("\(spent) of \(budget) are spent, and only \(openAtEnd) calls were under way")
        }
    }

    mutating func reported(_ token: AttemptToken) { reportedSpend += attempts[token]?.spent ?? 0 }
}
