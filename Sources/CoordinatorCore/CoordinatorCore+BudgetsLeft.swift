import ClusterModel

/// What is left of budgets, what an attempt will take of it, and what is said of it.
extension CoordinatorCore {
    // MARK: what is left

    func budget(_ job: Int, _ unit: Spend.Unit) -> UInt64 {
        unit == .dollars ? jobs[job].spec.budgetMicroUSD : jobs[job].spec.budgetTokens
    }

    func spent(_ job: Int, _ unit: Spend.Unit) -> UInt64 {
        unit == .dollars ? jobs[job].costMicroUSD : jobs[job].usage.total
    }

    func left(_ job: Int, _ unit: Spend.Unit) -> UInt64 {
        budget(job, unit).minus(spent(job, unit)).minus(jobs[job].reserved[unit])
    }

    /// What an attempt of this job will take. While nothing is known the first few share what is left.
    func expected(_ job: Int, _ unit: Spend.Unit) -> UInt64 {
        if jobs[job].reports > 0 { return jobs[job].spendLearned[unit] }
        if budget(job, unit) > 0 {
            let waiting = jobs[job].counts.tasks - jobs[job].counts.ended - jobs[job].counts.running + 1
            let sharers = min(Self.firstAtOnce - min(Self.firstAtOnce - 1, jobs[job].reservations), waiting)
            return left(job, unit) / UInt64(max(1, sharers))
        }
        if spending.reports > 0 { return spending.learned[unit] }
        let limit = configuration.perDay[unit]
        return limit.minus(spending.today.spend[unit]).minus(spending.reserved[unit]) / UInt64(Self.firstAtOnce)
    }

    /// What the next attempt must leave room for; at least something, so that what is used up is used up.
    func next(_ job: Int, _ unit: Spend.Unit) -> UInt64 {
        jobs[job].reports > 0 ? max(1, jobs[job].spendLearned[unit]) : 1
    }

    func atOnce(_ reports: UInt32) -> UInt64 { max(UInt64(Self.firstAtOnce), 2 * UInt64(reports)) }

    // MARK: seeing and changing it

    /// What budgets keep a task of this row from starting.
    func budgetReasons(_ job: Int, _ row: Int) -> [Explanation.Reason] {
        var found: [Explanation.Reason] = []
        if let text = budgetNote(job) { found.append(.init("budget", text)) }
        if kinds[jobs[job].kinds[row]].isPaid, let text = dayNote { found.append(.init("budget", text)) }
        return found
    }

    /// What the job's budget holds, in words; nil: nothing.
    public func budgetNote(of id: JobID) -> String? {
        guard let job = place(of: id), jobs[job].finishedAt == nil else { return nil }
        return budgetNote(job)
    }

    private func budgetNote(_ job: Int) -> String? {
        guard jobs[job].spec.hasBudget, let hold = heldByBudget(job) else { return nil }
        let id = jobs[job].id
        switch hold {
        case .ramp:
            return "nobody knows well yet what a task of job \(id) takes of its budget: it waits for those that run"
        case .reserved(let unit):
            return "the budget of job \(id) leaves no room beside what runs: \(figures(job, unit))"
        case .spent(let unit):
            let flag = unit == .dollars ? "--usd" : "--tokens"
            return "the budget of job \(id) is used up: \(figures(job, unit)): `ccctl budget \(id) \(flag) N` raises it"
        }
    }

    /// What the day's budget holds, in words; nil: nothing.
    public var dayNote: String? {
        guard hasDayBudget, let hold = heldByDay else { return nil }
        let unit: Spend.Unit
        switch hold {
        case .ramp: return "nobody knows well yet what a task takes of the day's budget: it waits for those that run"
        case .reserved(let one), .spent(let one): unit = one
        }
        let key = unit == .dollars ? "budget-per-day" : "tokens-per-day"
        var text = "the day's budget (\(key)) is used up: \(unit.text(spending.today.spend[unit])) of"
        text += " \(unit.text(configuration.perDay[unit])) is spent"
        if spending.reserved[unit] > 0 { text += ", \(unit.text(spending.reserved[unit])) is set aside for what runs" }
        return text + "; the next day begins at 00:00 UTC"
    }

    /// What was spent on the day that it is.
    public var spentToday: Spend { spending.today.spend }

    /// The user gives a job another budget.
    mutating func changeBudget(
        of id: JobID, _ microUSD: UInt64?, _ tokens: UInt64?, _ handle: ReplyHandle, at now: Moment
    ) {
        guard let job = place(of: id), !jobs[job].isSwept(.prune) else {
            return reply(handle, .refused(.unknownJob, "there is no job \(id)"))
        }
        let before = jobs[job].spec
        jobs[job].spec.budgetMicroUSD = microUSD ?? before.budgetMicroUSD
        jobs[job].spec.budgetTokens = tokens ?? before.budgetTokens
        guard jobs[job].spec != before else { return reply(handle, .controlled(changed: 0)) }
        record(.budgetChanged(id, jobs[job].spec))
        reply(handle, .controlled(changed: 1))
        budgetMoved(job, at: now)
    }
}

extension Spend.Unit {
    /// `$4.98`, or `1234567`.
    func text(_ amount: UInt64) -> String {
        guard self == .dollars else { return "\(amount)" }
        // To the cent above a dollar; a hundredth of that below, where tasks are.
        let isLarge = amount >= 1_000_000
        let part = amount % 1_000_000 / (isLarge ? 10_000 : 100)
        let digits = "\(part)"
        return "$\(amount / 1_000_000)." + String(repeating: "0", count: (isLarge ? 2 : 4) - digits.count) + digits
    }
}
