import ClusterModel
import CoordinatorCore

/// Nobody gets more than it said it takes: agents, jobs with a bound on attempts at once, the queue, one turn.
struct LimitsKept: Checker {
    static let rule = "limits"
    var found: [String] = []
    private let core: CoreConfiguration

    init(_ core: CoreConfiguration) { self.core = core }

    mutating func after(_ step: Step, _ ledger: Ledger) {
        var given: [AgentID] = []
        var tasks = 0
        var jobs: Set<JobID> = []
        for record in step.records {
            switch record {
            case .assigned(_, let agent, let numbers, _) where step.offers != nil:
                given.append(agent)
                tasks += numbers.count
                for number in numbers { jobs.insert(number.task.job) }
            case .tasksAdded(let id, _, _, _, _):
                if ledger.unfinished > core.maxQueuedTasks {
                    found.append("job \(id) brought the queue to \(ledger.unfinished) tasks of \(core.maxQueuedTasks)")
                }
            default: break
            }
        }
        guard let offers = step.offers, !given.isEmpty else { return }
        if tasks > core.ordersPerTurn { found.append("\(tasks) orders in one turn") }
        for agent in given {
            guard let offer = offers.first(where: { $0.agent == agent }) else {
                found.append("agent \(agent) was given work and is not here"); continue
            }
            let open = ledger.agents[agent]?.open ?? 0
            if open > offer.capacity {
                found.append("agent \(agent) holds \(open) attempts and takes \(offer.capacity)")
            }
            if ledger.agents[agent]?.isDrained == true { found.append("agent \(agent) is drained and was given work") }
        }
        for id in jobs.sorted() {
            guard let job = ledger.job(id) else { continue }
            if job.spec.maxParallel > 0, job.open > Int(job.spec.maxParallel) {
                found.append("job \(id) has \(job.open) attempts at once and may have \(job.spec.maxParallel)")
            }
            // Every attempt costs the same, so that what runs can be foretold.
            let most = job.cost + UInt64(job.open) * SimulatedAgent.cost
            if job.spec.budgetMicroUSD > 0, most > job.spec.budgetMicroUSD {
                found.append("job \(id) spends \(most) with what runs, of a budget of \(job.spec.budgetMicroUSD)")
            }
        }
    }

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        guard let offers = step.offers, case .assigned(_, let agent, let numbers, _) = record,
            let offer = offers.first(where: { $0.agent == agent })
        else { return }
        for number in numbers {
            if let options = ledger.options(number.task), !offer.fits(options) {
                found.append("task \(number.task) went to agent \(agent), which does not fit")
            }
        }
    }
}

extension Step.Offer {
    /// Whether the agent is what the task asks for.
    func fits(_ options: TaskOptions) -> Bool {
        runners.contains(options.runner)
            && options.needs.allSatisfy { has($0) } && options.avoids.allSatisfy { !has($0) }
    }

    private func has(_ rule: LabelRule) -> Bool {
        guard let value = labels[rule.key] else { return false }
        return rule.value.map { $0 == value } ?? true
    }
}
