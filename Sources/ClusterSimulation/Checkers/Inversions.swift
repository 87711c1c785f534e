import ClusterModel
import CoordinatorCore

/// When work is handed out, no task that may start is passed over for one of lower priority that the same agent could have been spared,
/// and no agent with room stays without work that fits it.
struct Inversions: Checker {
    static let rule = "no inversion"
    var found: [String] = []
    /// Times that something was there to be judged.
    private(set) var judged = 0
    /// Ends have been told to those who wait for them after so long.
    static let grace: Micros = .s(1)
    /// Limits of services keep tasks from starting: those of a class of models are judged among themselves, and only urgent ones may not
    /// be kept from an agent's room.
    let isLimited: Bool

    init(isLimited: Bool = false) { self.isLimited = isLimited }

    mutating func after(_ step: Step, _ ledger: Ledger) {
        guard let offers = step.offers, !offers.isEmpty, !ledger.isPaused else { return }
        var lowest = [[String: Int]](repeating: [:], count: offers.count)
        var hasRoom = [Bool](repeating: false, count: offers.count)
        var least = 10
        for record in step.records {
            guard case .assigned(_, let agent, let numbers, _) = record,
                let place = offers.firstIndex(where: { $0.agent == agent })
            else { continue }
            for number in numbers {
                guard let options = ledger.options(number.task) else { continue }
                let priority = Int(options.priority.rawValue)
                lowest[place][kind(options)] = min(lowest[place][kind(options)] ?? 10, priority)
                least = min(least, priority)
            }
        }
        var someRoom = false
        for place in offers.indices {
            let agent = ledger.agents[offers[place].agent]
            hasRoom[place] = agent.map { !$0.isDrained && $0.open < offers[place].capacity } ?? false
            someRoom = someRoom || hasRoom[place]
        }
        guard someRoom || least < 9 else { return }
        for job in ledger.jobs where job.finish == nil && job.unfinished > job.open {
            guard mayStart(job, step, ledger) else { continue }
            judge(job, offers, lowest, hasRoom, step)
        }
    }

    private func mayStart(_ job: Ledger.Job, _ step: Step, _ ledger: Ledger) -> Bool {
        guard !job.spec.hasBudget, !job.switches.isPaused, !job.switches.isStopped, !job.switches.isExpired,
            job.isSwept == 0,
            job.spec.maxParallel == 0 || job.open < Int(job.spec.maxParallel)
        else { return false }
        return job.spec.after.allSatisfy { link in
            guard let other = ledger.job(link.job) else { return true }
            return other.finish != nil && other.latestEnd + Self.grace < step.at
                && (link.condition == .end || job.spec.continuesOnFailure
                    || other.tasks.allSatisfy { $0.end == .succeeded })
        }
    }

    private mutating func judge(
        _ job: Ledger.Job, _ offers: [Step.Offer], _ lowest: [[String: Int]], _ hasRoom: [Bool], _ step: Step
    ) {
        // By row of options: whether some agent has room, or took something less urgent.
        var verdicts = [String?](repeating: nil, count: job.options.count)
        var any = false
        for (row, options) in job.options.enumerated() {
            for place in offers.indices where offers[place].fits(options) {
                let least = lowest[place][kind(options)] ?? 10
                if hasRoom[place], !isHeldBack(options) {
                    verdicts[row] = "agent \(offers[place].agent) has room"
                } else if least < Int(options.priority.rawValue) {
                    verdicts[row] = "agent \(offers[place].agent) was given priority \(least)"
                }
            }
            any = any || verdicts[row] != nil
        }
        guard any else { return }
        judged += 1
        for (index, task) in job.tasks.enumerated() where task.end == nil && !task.isOpen && task.held == nil {
            guard let why = verdicts[Int(task.row)], task.due <= step.at, !task.cancelRequested,
                isUnblocked(task, job, step.at)
            else { continue }
            let priority = job.options[Int(task.row)].priority.rawValue
            found.append("task \(job.id).\(index) of priority \(priority) was passed over at \(step.at): \(why)")
            return
        }
    }

    /// What competes with what.
    private func kind(_ options: TaskOptions) -> String {
        guard isLimited else { return "" }
        return options.runner == "claude" ? options.model : "no model"
    }

    private func isHeldBack(_ options: TaskOptions) -> Bool {
        isLimited && options.runner == "claude" && options.priority != .critical
    }

    private func isUnblocked(_ task: Ledger.TaskRow, _ job: Ledger.Job, _ now: Micros) -> Bool {
        if task.after.isEmpty, task.turnBefore == nil { return true }
        guard job.latestEnd + Self.grace < now else { return false }
        let met = task.after.allSatisfy { link in
            guard Int(link.index) < job.tasks.count, let end = job.tasks[Int(link.index)].end else { return false }
            return end == .succeeded || link.condition == .end || job.spec.continuesOnFailure
        }
        return met && (task.turnBefore.map { job.tasks[Int($0)].end == .succeeded } ?? true)
    }
}
