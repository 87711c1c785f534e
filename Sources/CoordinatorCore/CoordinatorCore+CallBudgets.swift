import ClusterModel
import Quotas

/// A call that its agent may make, or wants to, and what it counts for.
struct BudgetedCall {
    var task: UInt64
    var attempt: UInt32
    var model: String
    /// An estimate, until it has ended.
    var spend: Spend
}

/// A call that waits because a budget is used up.
struct BudgetWait {
    var wish: CallWish
    var token: AttemptToken
    var agent: AgentIndex
}

/// Which call: its agent's place, and the agent's own number for it.
struct CallName: Hashable {
    var holder: UInt64
    var number: UInt64
}

/// Budgets, call by call. An attempt is started by what such attempts took; what its calls really take is seen here while they are made,
/// so that several attempts of a job together do not go beyond its budget by more than the calls that were under way.
///
/// A call goes while what is spent and what goes on is less than the budget. What goes on counts as it was estimated, and as it is when it
/// has ended; when the attempt reports, the report counts instead.
extension CoordinatorCore {
    /// Calls that wait for budgets; beyond it they are refused.
    static let budgetWaitsAtMost = QuotaLimits.waiting

    /// Keeps a call back whose budget is used up. True: it waits, or was refused.
    mutating func isKeptBack(_ wish: CallWish, _ token: AttemptToken, from index: AgentIndex, at now: Instant) -> Bool {
        guard wish.service == BucketName.claude, wish.endpoint == "messages", let job = place(of: token.task.job) else {
            return false
        }
        let name = CallName(holder: Self.holder(index), number: wish.number)
        guard budgeted[name] == nil else { return false }
        if budgetWaits.contains(where: { $0.agent == index && $0.wish.number == wish.number }) { return true }
        guard let hold = callHold(token.task, job) else { return false }
        if case .task = hold { return refuse(wish, token, index, callHoldText(hold, job)) }
        if case .job = hold, jobs[job].spec.onBudget == .stop {
            return refuse(wish, token, index, callHoldText(hold, job))
        }
        guard budgetWaits.count < Self.budgetWaitsAtMost else {
            return refuse(wish, token, index, "\(budgetWaits.count) calls wait for budgets, which is the most")
        }
        // By priority, then arrival.
        let place = budgetWaits.firstIndex { $0.wish.priority < wish.priority } ?? budgetWaits.count
        budgetWaits.insert(BudgetWait(wish: wish, token: token, agent: index), at: place)
        return true
    }

    private mutating func refuse(
        _ wish: CallWish, _ token: AttemptToken, _ index: AgentIndex, _ why: String
    ) -> Bool {
        open[token.task.packed]?.refusedByBudget = why
        desk?.refuse(wish, holder: Self.holder(index), why)
        return true
    }

    /// A call of an open attempt goes, or lines up for its permit: what it will probably take counts from now on.
    mutating func noteCall(_ wish: CallWish, _ token: AttemptToken, from index: AgentIndex) {
        let name = CallName(holder: Self.holder(index), number: wish.number)
        guard wish.service == BucketName.claude, wish.endpoint == "messages", budgeted[name] == nil,
            let expected = desk?.expected(wish)
        else { return }
        let usage = Usage(inputTokens: UInt64(max(0, expected.input)), outputTokens: UInt64(max(0, expected.output)))
        let spend = Spend(microUSD: PriceTable.cost(of: usage, model: wish.model), tokens: usage.total)
        budgeted[name] = BudgetedCall(
            task: token.task.packed, attempt: token.attempt, model: wish.model, spend: spend)
        count(spend, instead: Spend(), token.task, token.attempt)
    }

    /// What came of a call. True: it waited for a budget, and its permit was never asked for.
    mutating func budgetTold(_ news: CallNews, of number: UInt64, from index: AgentIndex) -> Bool {
        let name = CallName(holder: Self.holder(index), number: number)
        guard let call = budgeted[name] else {
            guard let place = budgetWaits.firstIndex(where: { $0.agent == index && $0.wish.number == number }) else {
                return false
            }
            if news.stage != .goesOn { budgetWaits.remove(at: place) }
            return news.stage != .ended
        }
        let task = TaskID(packed: call.task)
        let news = news.sane
        let usage = Self.usage(of: news)
        let cost = Self.cost(of: usage, model: call.model)
        switch news.stage {
        case .goesOn:
            var spend = call.spend
            for unit in Spend.Unit.allCases {
                spend[unit] = max(spend[unit], unit == .dollars ? cost : usage.total)
            }
            budgeted[name]?.spend = spend
            count(spend, instead: call.spend, task, call.attempt)
        case .withdrawn:
            budgeted[name] = nil
            count(Spend(), instead: call.spend, task, call.attempt)
        case .ended:
            budgeted[name] = nil
            // Where an answer of success did not say what it took, the estimate stays.
            let isSilent = (200..<300).contains(news.status) && news.input == nil && news.output == nil
            let spend = isSilent ? call.spend : Spend(microUSD: cost, tokens: usage.total)
            count(spend, instead: call.spend, task, call.attempt)
            if var attempt = open[call.task], attempt.attempt == call.attempt {
                attempt.callUsage += usage
                attempt.callCost = attempt.callCost.plus(spend.microUSD)
                open[call.task] = attempt
            }
        }
        return false
    }

    private static func usage(of news: CallNews) -> Usage {
        let creation = UInt64(news.cacheCreation)
        return Usage(
            inputTokens: UInt64(news.input ?? 0).minus(creation), outputTokens: UInt64(news.output ?? 0),
            cacheReadInputTokens: UInt64(news.cacheRead), cacheCreationInputTokens: creation)
    }

    /// As the CLI reckons: what is written to the cache costs a quarter more than what is read (the price for five minutes).
    private static func cost(of usage: Usage, model: String) -> UInt64 {
        var plain = usage
        plain.inputTokens = usage.inputTokens.plus(usage.cacheCreationInputTokens).plus(
            usage.cacheCreationInputTokens / 4)
        plain.cacheCreationInputTokens = 0
        return PriceTable.cost(of: plain, model: model)
    }

    private mutating func count(_ new: Spend, instead old: Spend, _ task: TaskID, _ attempt: UInt32) {
        guard open[task.packed]?.attempt == attempt, let job = place(of: task.job) else { return }
        open[task.packed]?.callSpend -= old
        open[task.packed]?.callSpend += new
        jobs[job].callSpend -= old
        jobs[job].callSpend += new
        spending.callSpend -= old
        spending.callSpend += new
        weighBudget(job)
    }

    /// An attempt is open no more: its report counts, or what its calls took (``OpenAttempt/callUsage``).
    mutating func forgetCalls(of attempt: OpenAttempt, _ task: TaskID) {
        budgetWaits.removeAll { $0.token.task == task && $0.token.attempt == attempt.attempt }
        guard attempt.callSpend != Spend() else { return }
        spending.callSpend -= attempt.callSpend
        if let job = place(of: task.job) { jobs[job].callSpend -= attempt.callSpend }
    }

    /// Whoever made them is gone.
    mutating func forgetCalls(of holder: UInt64) {
        budgetWaits.removeAll { Self.holder($0.agent) == holder }
        for (name, call) in budgeted.filter({ $0.key.holder == holder }).sorted(by: { $0.key.number < $1.key.number }) {
            budgeted[name] = nil
            count(Spend(), instead: call.spend, TaskID(packed: call.task), call.attempt)
        }
    }

    /// Lets go what budgets have room for again.
    mutating func releaseBudgetWaits(at now: Instant) {
        guard !budgetWaits.isEmpty else { return }
        let waits = budgetWaits
        budgetWaits = []
        for wait in waits {
            guard let attempt = open[wait.token.task.packed], attempt.attempt == wait.token.attempt else { continue }
            callAsked(wait.wish, for: wait.token, isOpen: false, from: wait.agent, at: now)
        }
    }

    // MARK: What holds a call

    enum CallHold {
        case task
        case job(Spend.Unit)
        case day(Spend.Unit)
    }

    func callHold(_ task: TaskID, _ job: Int) -> CallHold? {
        for unit in Spend.Unit.allCases where budget(job, unit) > 0 {
            if spent(job, unit).plus(jobs[job].callSpend[unit]) >= budget(job, unit) { return .job(unit) }
        }
        for unit in Spend.Unit.allCases where configuration.perDay[unit] > 0 {
            if spending.today.spend[unit].plus(spending.callSpend[unit]) >= configuration.perDay[unit] {
                return .day(unit)
            }
        }
        // The CLI ends the turn by itself; an eighth for what its prices differ from ours.
        let own = jobs[job].options[Int(jobs[job].tasks[Int(task.index)].options)].value.budgetMicroUSD
        if own > 0, let made = open[task.packed]?.callSpend.microUSD, made >= own.plus(own / 8).plus(1) { return .task }
        return nil
    }

    func callHoldText(_ hold: CallHold, _ job: Int) -> String {
        switch hold {
        case .task: return "what the task may cost is used up by its calls"
        case .job(let unit):
            return "the budget of job \(jobs[job].id) is used up by what is spent and what runs: "
                + "\(unit.text(spent(job, unit).plus(jobs[job].callSpend[unit]))) of \(unit.text(budget(job, unit)))"
        case .day(let unit):
            let made = spending.today.spend[unit].plus(spending.callSpend[unit])
            return "the day's budget is used up by what is spent and what runs: \(unit.text(made)) of "
                + unit.text(configuration.perDay[unit])
        }
    }

    /// Why a call of a running task waits for a budget; nil: none does.
    func budgetWaitReason(_ task: TaskID, _ job: Int) -> Explanation.Reason? {
        guard budgetWaits.contains(where: { $0.token.task == task }), let hold = callHold(task, job) else { return nil }
        return .init("budget", "a call of it waits: \(callHoldText(hold, job))")
    }
}
