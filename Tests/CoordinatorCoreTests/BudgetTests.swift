import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Budgets")
struct BudgetTests {
    /// One agent with much room, and the job.
    private func begin(
        _ spec: JobSpec, tasks: Int, options: TaskOptions = TaskOptions(),
        _ configuration: CoreConfiguration = CoreConfiguration(), runners: [String] = ["claude"]
    ) throws -> (CoreBench, JobID, AgentIndex) {
        let bench = CoreBench(configuration)
        let job = bench.job(spec, options: options, count: tasks, key: 1)
        return (bench, job, try #require(bench.join(1, capacity: 50, runners: runners)))
    }

    @Test("While nothing is known few run at once and share the budget; with each report twice as many may")
    func ramp() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 1000), tasks: 30)
        let first = bench.assign()
        #expect(first.count == 4 && bench.caps == [250, 250, 250, 250] && bench.assign().isEmpty)
        #expect(bench.core.why(TaskID(job: job, index: 9), at: bench.now)?.reasons.first?.code == "budget")
        bench.report(first[0].token, from: agent, micro: 10)
        // Three may still spend what they had set aside; the rest is for others, two times what was reported at once, or four.
        #expect(bench.assign().count == 1)
        bench.report(first[1].token, from: agent, micro: 10)
        bench.report(first[2].token, from: agent, micro: 10)
        #expect(bench.assign().count == 4)
        #expect(bench.core.summary(of: job)?.costMicroUSD == 30)
    }

    @Test("What is set aside and what is spent stay within the budget; the rest waits, in words, until it is raised")
    func hold() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 1_000_000), tasks: 12)
        while true {
            let orders = bench.assign()
            guard !orders.isEmpty else { break }
            for order in orders { bench.report(order.token, from: agent, micro: 300_000) }
        }
        // The first four had a share each, which they went over by what one attempt took.
        let counts = bench.counts(job)
        #expect(counts.succeeded == 4 && counts.queued == 8 && !bench.isFinished(job))
        let why = try #require(bench.core.why(TaskID(job: job, index: 9), at: bench.now))
        #expect(why.state == .queued && why.reasons.map(\.code) == ["budget"] && why.ahead == nil)
        #expect(
            why.reasons[0].text
                == "the budget of job 1 is used up: $1.20 of $1.00 is spent, an attempt takes about $0.3000: `ccctl budget 1 --usd N` raises it"
        )
        #expect(bench.control(.budget(job, microUSD: 1_800_000, tokens: nil))?.changed == 1)
        #expect(bench.assign().count == 2 && bench.caps == [600_000, 300_000])
        #expect(bench.reasons(job, 9) == ["budget"])
        #expect(bench.control(.budget(job, microUSD: 0, tokens: nil))?.changed == 1)
        #expect(bench.assign().count == 6 && bench.caps == [0, 0, 0, 0, 0, 0])
        #expect(bench.control(.budget(job, microUSD: 0, tokens: nil))?.changed == 0)
        #expect(bench.control(.budget(JobID(rawValue: 9), microUSD: 1, tokens: nil))?.refusal == .unknownJob)
    }

    @Test("Tokens count like dollars")
    func tokens() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetTokens: 100), tasks: 9)
        for order in bench.assign() { bench.report(order.token, from: agent, tokens: 20) }
        #expect(bench.caps.isEmpty && bench.assign().count == 1)
        #expect(bench.reasons(job, 8) == ["budget"])
        #expect(bench.core.budgetNote(of: job)?.contains("80 of 100 tokens are spent, 20 is set aside") == true)
        #expect(bench.control(.budget(job, microUSD: nil, tokens: 140))?.changed == 1)
        #expect(bench.assign().count == 2)
    }

    @Test("A task's own cap stays where it is lower, and is all that is set aside for it")
    func ownCap() throws {
        let (bench, _, _) = try begin(
            JobSpec(budgetMicroUSD: 100), tasks: 9, options: TaskOptions(budgetMicroUSD: 7))
        #expect(bench.assign().count == 4 && bench.caps == [7, 7, 7, 7])
        #expect(bench.core.spending.reserved == Spend(microUSD: 28))
        #expect(bench.core.jobs[0].reserved == Spend(microUSD: 28))
    }

    @Test("Where plenty is left the cap is round, so that instances are shared; at the end it is what is left")
    func coarse() throws {
        let (bench, _, agent) = try begin(JobSpec(budgetMicroUSD: 1_000_000), tasks: 40)
        for order in bench.assign() { bench.report(order.token, from: agent, micro: 1000) }
        let orders = bench.assign()
        #expect(orders.count == 8 && Set(bench.caps) == [786_432])
        let rows = bench.sharedRows
        #expect(rows.allSatisfy { $0 === rows[0] })
    }

    @Test("What is given up gives back what was set aside for it; a late report still counts")
    func givenUp() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 100), tasks: 9)
        let orders = bench.assign()
        bench.pass(31_000)
        bench.pass(31_000)
        #expect(bench.core.jobs[0].reserved == Spend() && bench.core.spending.reservations == 0)
        bench.report(orders[0].token, from: agent, micro: 30)
        #expect(bench.core.summary(of: job)?.costMicroUSD == 30 && bench.core.jobs[0].reports == 1)
    }

    @Test("A restart keeps the budget, what was spent, and what is under way")
    func restart() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 200), tasks: 20)
        let first = bench.assign()
        for order in first.prefix(2) { bench.report(order.token, from: agent, micro: 40) }
        #expect(bench.control(.budget(job, microUSD: 300, tokens: nil))?.changed == 1)
        bench.restart()
        #expect(bench.core.summary(of: job)?.spec.budgetMicroUSD == 300)
        // Each that is open has what an attempt took on average.
        #expect(bench.core.jobs[0].reserved.microUSD == 80 && bench.core.jobs[0].reservations == 2)
        #expect(bench.core.spentToday == Spend(microUSD: 80, tokens: 6))
        _ = bench.hello(1, capacity: 50, running: first.suffix(2).map(\.token))
        #expect(bench.assign().count == 2)
        #expect(bench.reasons(job, 19) == ["budget"])
    }

    @Test("With stop the rest is skipped, and tried again when there is more of the budget")
    func stop() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 100, onBudget: .stop), tasks: 12)
        let orders = bench.assign()
        for order in orders.prefix(3) { bench.report(order.token, from: agent, micro: 30) }
        #expect(bench.states(job).filter { $0 == .skipped }.count == 8 && bench.state(job, 3) == .running)
        let end = try #require(bench.disk.task(TaskID(job: job, index: 9))?.end)
        #expect(end.failure?.errorClass == "budget" && end.failure?.message.contains("is used up") == true)
        bench.report(orders[3].token, from: agent, micro: 30)
        #expect(bench.isFinished(job))
        #expect(bench.control(.retry(TaskSelection(job: job)))?.refusal == .invalid)
        #expect(bench.control(.budget(job, microUSD: 1000, tokens: nil))?.changed == 1)
        #expect(bench.control(.retry(TaskSelection(job: job))) == nil)
        #expect(bench.reload(job)?.changed == 8)
        bench.sweep()
        #expect(bench.assign().count == 8)
    }

    @Test("What the job's cap cut short is tried again; what its own cap ended is not")
    func cut() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: 100), tasks: 1)
        let order = try #require(bench.assign().first)
        #expect(bench.caps == [100])
        let cap = TaskFailure(.cap, "the cap on cost ended it")
        bench.report(order.token, from: agent, micro: 104, .failed, cap)
        bench.pass(2000, heard: [agent])
        #expect(bench.state(job) == .queued && bench.reasons(job) == ["budget"])
        #expect(bench.control(.budget(job, microUSD: 400, tokens: nil))?.changed == 1)
        let again = try #require(bench.assign().first)
        #expect(bench.caps == [296])
        // It reached another cap, that on its turns.
        bench.report(again.token, from: agent, micro: 20, .failed, cap)
        #expect(bench.state(job) == .failed)
    }

    @Test("A day's budget holds what costs something, over a restart, until the next day")
    func day() throws {
        let limits = CoreConfiguration(perDay: Spend(microUSD: 100))
        let (bench, job, agent) = try begin(JobSpec(), tasks: 9, limits, runners: ["claude", "exec"])
        #expect(bench.assign().count == 4 && bench.caps == [0, 0, 0, 0])
        for index in 0..<4 as Range<UInt32> {
            bench.report(
                AttemptToken(store: bench.core.storeID, task: TaskID(job: job, index: index), attempt: 1), from: agent,
                micro: 30)
        }
        #expect(bench.assign().isEmpty && bench.reasons(job, 8) == ["budget"])
        guard case .spent(.dollars) = bench.core.heldByDay else {
            Issue.record("\(String(describing: bench.core.heldByDay))")
            return
        }
        #expect(bench.core.dayNote?.contains("budget-per-day") == true && bench.core.spentToday.microUSD == 120)
        let command = bench.job(JobSpec(), options: TaskOptions(runner: "exec", command: ["true"]), count: 1, key: 2)
        let order = try #require(bench.assign().first)
        #expect(order.token.task.job == command)
        bench.report(order.token, from: agent, micro: 0)
        bench.restart()
        let back = try #require(bench.join(1, capacity: 50, runners: ["claude", "exec"]))
        #expect(bench.assign().isEmpty && bench.core.spentToday.microUSD == 120)
        // The bench's calendar begins 1000 s after midnight.
        #expect(bench.core.nextDeadline <= bench.now.instant + .seconds(86_400))
        bench.pass(86_400_000 - 1_000_000 - 1, heard: [back])
        #expect(bench.assign().isEmpty)
        bench.pass(1, heard: [back])
        #expect(bench.assign().count == 4 && bench.core.spentToday == Spend())
    }

    @Test("What runs is set aside from the day's budget too")
    func dayReserved() throws {
        let limits = CoreConfiguration(perDay: Spend(microUSD: 100))
        let (bench, _, agent) = try begin(JobSpec(), tasks: 9, limits)
        let first = bench.assign()
        #expect(first.count == 4)
        bench.report(first[0].token, from: agent, micro: 30)
        // 30 are spent, the three that run have 42 set aside, and a fifth would take 30.
        #expect(bench.core.spending.reserved.microUSD == 42)
        #expect(bench.assign().isEmpty)
        guard case .reserved(.dollars) = bench.core.heldByDay else {
            Issue.record("\(String(describing: bench.core.heldByDay))")
            return
        }
    }

    @Test("A calendar that is set back keeps the day; far back it is another")
    func calendar() {
        var spending = Spending()
        let day = Spending.dayMilliseconds
        spending.turn(to: Moment(instant: .origin, wall: WallTime(milliseconds: 100 * day + 5)))
        spending.count(Spend(microUSD: 3))
        spending.turn(to: Moment(instant: .origin, wall: WallTime(milliseconds: 100 * day - 1)))
        #expect(spending.today == DaySpend(day: 100, spend: Spend(microUSD: 3)))
        spending.turn(to: Moment(instant: .origin, wall: WallTime(milliseconds: 90 * day)))
        #expect(spending.today == DaySpend(day: 90, spend: Spend()))
    }

    @Test("Tokens without a cost are given the table's price")
    func priced() throws {
        let (bench, job, agent) = try begin(JobSpec(), tasks: 1, options: TaskOptions(model: "claude-sonnet-4-5"))
        let order = try #require(bench.assign().first)
        bench.report(order.token, from: agent, tokens: 1_000_000)
        #expect(bench.core.summary(of: job)?.costMicroUSD == 3_000_000)
    }

    @Test("Absurd figures end nothing")
    func absurd() throws {
        let (bench, job, agent) = try begin(JobSpec(budgetMicroUSD: .max, budgetTokens: .max), tasks: 9)
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, micro: .max)
        bench.report(orders[1].token, from: agent, micro: .max - 1)
        _ = bench.assign()
        #expect(bench.core.why(TaskID(job: job, index: 8), at: bench.now) != nil)
    }
}

extension CoreBench {
    /// The caps on cost of the orders that the last input made, in their order.
    fileprivate var caps: [UInt64] { sharedRows.map(\.value.budgetMicroUSD) }

    fileprivate var sharedRows: [SharedOptions] {
        effects.flatMap { effect -> [SharedOptions] in
            if case .assign(_, let orders) = effect { return orders.map(\.shared) }
            return []
        }
    }

    fileprivate func report(
        _ token: AttemptToken, from agent: AgentIndex, micro: UInt64, _ state: TaskState = .succeeded,
        _ failure: TaskFailure? = nil, _ location: SourceLocation = #_sourceLocation
    ) {
        core.resultArrived(
            AttemptResult(
                token: token, state: state, failure: failure, usage: Usage(inputTokens: 3), costMicroUSD: micro,
                startedAt: now.wall, finishedAt: now.wall), from: agent, at: now)
        settle(location)
    }
}
