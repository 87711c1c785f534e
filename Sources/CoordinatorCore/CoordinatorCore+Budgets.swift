import ClusterModel
import Quotas

/// What jobs and days may spend: set aside before an attempt is sent, counted when its result comes, given back when it is given up.
extension CoordinatorCore {
    /// Attempts of which nobody knows yet what they take; with each report twice as many as there were reports.
    public static let firstAtOnce: UInt32 = 4

    // MARK: before and after an attempt

    /// Sets aside what an attempt will take, and has it capped at what is left to its job.
    /// - Returns: the row that goes with the order.
    mutating func reserve(_ job: Int, row: Int, _ charge: inout Charge) -> SharedOptions {
        let shared = jobs[job].options[row]
        guard shared.value.runner == Requirement.paidRunner else { return shared }
        // Without a budget, too: there may be one before the attempt has ended.
        var reserved = Spend(microUSD: expected(job, .dollars), tokens: expected(job, .tokens))
        let own = shared.value.budgetMicroUSD
        if own > 0 { reserved.microUSD = min(reserved.microUSD, own) }
        let cap = cap(job, expected: reserved.microUSD)
        charge.reserved = reserved
        spending.reserved += reserved
        spending.reservations += 1
        jobs[job].reserved += reserved
        jobs[job].reservations += 1
        guard jobs[job].spec.hasBudget else { return shared }
        weighBudget(job)
        guard cap > 0, own == 0 || cap < own else { return shared }
        charge.cap = cap
        return capped(job, row, at: cap)
    }

    private mutating func capped(_ job: Int, _ row: Int, at cap: UInt64) -> SharedOptions {
        var options = jobs[job].options[row].value
        options.budgetMicroUSD = cap
        if let known = jobs[job].capped, known.row == row, known.options.value == options { return known.options }
        let made = SharedOptions(options)
        jobs[job].capped = (row, made)
        return made
    }

    /// What an attempt may cost: never more than is left when all that run keep what is set aside for them. Where there is plenty it is
    /// rounded down to 1 or 1.5 times a power of two, so that attempts have the same cap, and with it instances in common.
    private func cap(_ job: Int, expected: UInt64) -> UInt64 {
        guard jobs[job].spec.budgetMicroUSD > 0 else { return 0 }
        guard jobs[job].reports > 0 else { return max(1, expected) }
        let left = max(1, left(job, .dollars))
        let step = UInt64(1) << UInt64(63 - left.leadingZeroBitCount)
        let round = step > 1 && left - step >= step / 2 ? step + step / 2 : step
        return round / 4 >= expected ? round : left
    }

    /// An attempt's job has its reservation back; what it really took is counted apart.
    mutating func giveBack(_ reserved: Spend, of id: JobID) {
        spending.reserved -= reserved
        spending.reservations -= 1
        guard let job = place(of: id) else { return }
        jobs[job].reserved -= reserved
        jobs[job].reservations -= 1
    }

    /// Adds what an attempt reported to its job, and to the day.
    mutating func count(_ result: AttemptResult, for job: Int, at now: Moment) {
        jobs[job].usage += result.usage
        jobs[job].costMicroUSD &+= result.costMicroUSD
        let took = Spend(microUSD: result.costMicroUSD, tokens: result.usage.total)
        guard took != Spend() else { return }
        spending.turn(to: now)
        spending.count(took)
        jobs[job].spendLearned.learn(took, after: jobs[job].reports)
        if jobs[job].reports < .max { jobs[job].reports += 1 }
    }

    /// Adds what the calls of an attempt took that was given up. It teaches nothing of what an attempt takes.
    mutating func countLost(_ attempt: OpenAttempt, for job: Int, at now: Moment) {
        let took = Spend(microUSD: attempt.callCost, tokens: attempt.callUsage.total)
        guard took != Spend() else { return }
        jobs[job].usage += attempt.callUsage
        jobs[job].costMicroUSD &+= attempt.callCost
        spending.turn(to: now)
        spending.countLost(took)
    }

    /// A result that gives tokens and no cost is given the table's.
    func priced(_ result: AttemptResult) -> AttemptResult {
        let task = result.token.task
        guard result.costMicroUSD == 0, result.usage != Usage(), result.token.store == storeID,
            let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count
        else { return result }
        let options = jobs[job].options[Int(jobs[job].tasks[Int(task.index)].options)].value
        guard options.runner == Requirement.paidRunner else { return result }
        var result = result
        result.costMicroUSD = PriceTable.cost(of: result.usage, model: options.model)
        return result
    }

    /// A job was taken up from the store: its attempts so far teach what the next will take.
    mutating func learnSpend(_ job: Int, reports: UInt64) {
        let total = Spend(microUSD: jobs[job].costMicroUSD, tokens: jobs[job].usage.total)
        guard reports > 0 else { return weighBudget(job) }
        jobs[job].reports = UInt32(clamping: reports)
        jobs[job].spendLearned = Spend(microUSD: total.microUSD / reports, tokens: total.tokens / reports)
        weighBudget(job)
    }

    // MARK: what follows

    /// A budget, or what counts against it, has changed.
    mutating func budgetMoved(_ job: Int, at now: Moment) {
        weighBudget(job)
        guard jobs[job].spec.onBudget == .stop, jobs[job].finishedAt == nil, !jobs[job].switches.isStopped,
            !jobs[job].switches.isExpired, !jobs[job].isSwept(.retry), spentBudget(job) != nil
        else { return }
        let counts = jobs[job].counts
        if !jobs[job].sealed || counts.tasks > counts.ended + counts.running { stop(job, at: now) }
    }

    /// Whether the job may start something: its lanes go to their shelves, or off them.
    mutating func weighBudget(_ job: Int) {
        guard jobs[job].finishedAt == nil, jobs[job].spec.hasBudget || jobs[job].isOverBudget else { return }
        let isOver = heldByBudget(job) != nil
        guard isOver != jobs[job].isOverBudget else { return }
        jobs[job].isOverBudget = isOver
        relist(job)
    }

    enum BudgetHold { case ramp, reserved(Spend.Unit), spent(Spend.Unit) }

    func heldByBudget(_ job: Int) -> BudgetHold? {
        var found: BudgetHold?
        for unit in Spend.Unit.allCases where budget(job, unit) > 0 {
            let most = budget(job, unit)
            let wanted = spent(job, unit).plus(next(job, unit))
            if wanted > most { return .spent(unit) }
            if wanted.plus(max(jobs[job].reserved[unit], jobs[job].callSpend[unit])) > most {
                found = found ?? .reserved(unit)
            }
        }
        if found == nil, jobs[job].spec.hasBudget, UInt64(jobs[job].reservations) >= atOnce(jobs[job].reports) {
            found = .ramp
        }
        return found
    }

    /// A sentence without its end when nothing more can start, whatever comes of what runs; nil: something can.
    func spentBudget(_ job: Int) -> String? {
        guard jobs[job].spec.hasBudget, case .spent(let unit) = heldByBudget(job) else { return nil }
        return "the budget of job \(jobs[job].id) is used up: \(figures(job, unit))"
    }

    func figures(_ job: Int, _ unit: Spend.Unit) -> String {
        var text =
            "\(unit.text(spent(job, unit))) of \(unit.text(budget(job, unit)))"
            + (unit == .tokens ? " tokens are spent" : " is spent")
        if jobs[job].reserved[unit] > 0 {
            text += ", \(unit.text(jobs[job].reserved[unit])) is set aside for what runs"
        }
        if jobs[job].reports > 0 { text += ", an attempt takes about \(unit.text(jobs[job].spendLearned[unit]))" }
        return text
    }

    /// Why what has not started is skipped.
    func whyStopped(_ job: Int) -> (ErrorClass, String) {
        if jobs[job].unmetJobs > 0 { return (.dependency, "a job that its job waits for did not succeed") }
        let isFailed = jobs[job].spec.failuresAtMost.map { jobs[job].counts.failed > $0 } ?? false
        if !isFailed, let spent = spentBudget(job) { return (.budget, spent) }
        return (.dependency, "its job stopped: \(jobs[job].counts.failed) of its tasks failed")
    }

    // MARK: the day

    var hasDayBudget: Bool { configuration.perDay != Spend() }

    mutating func turnDay(at now: Moment) { spending.turn(to: now) }

    mutating func recordSpending() {
        guard spending.isUnrecorded else { return }
        spending.recorded()
        record(.daySpent(spending.today))
    }

    /// Nothing that costs something may start today, or not now.
    var isDaySpent: Bool { hasDayBudget && heldByDay != nil }

    var heldByDay: BudgetHold? {
        var found: BudgetHold?
        for unit in Spend.Unit.allCases where configuration.perDay[unit] > 0 {
            let most = configuration.perDay[unit]
            let wanted = spending.today.spend[unit].plus(spending.reports > 0 ? max(1, spending.learned[unit]) : 1)
            if wanted > most { return .spent(unit) }
            if wanted.plus(max(spending.reserved[unit], spending.callSpend[unit])) > most {
                found = found ?? .reserved(unit)
            }
        }
        if found == nil, UInt64(spending.reservations) >= atOnce(spending.reports) { found = .ramp }
        return found
    }
}

extension Requirement {
    /// The runner whose tasks cost something.
    static let paidRunner = "claude"

    var isPaid: Bool { runner == Self.paidRunner }
}
