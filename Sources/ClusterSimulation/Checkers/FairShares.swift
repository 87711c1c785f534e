import ClusterModel
import CoordinatorCore

/// Jobs of one priority that always have something waiting get tokens by their weights, within 5 %.
struct FairShares: Checker {
    static let rule = "fair shares"
    var found: [String] = []
    /// What the first of the work was, while nothing is known of what tasks cost.
    static let warmUp = 100
    static let tolerance = 0.05
    private var started: [AttemptToken] = []
    private var tokens: [AttemptToken: UInt64] = [:]
    private var isOver = false
    private(set) var judged = 0

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .assigned(_, _, let numbers, _) where !isOver && step.offers != nil:
            started += numbers.map { AttemptToken(store: Scenario.store, task: $0.task, attempt: $0.attempt) }
        case .taskEnded(let end): if let result = end.result { tokens[result.token] = result.usage.total }
        case .attemptEnded(let end):
            tokens[AttemptToken(store: Scenario.store, task: end.number.task, attempt: end.number.attempt)] =
                end.usage.total
        default: break
        }
    }

    mutating func after(_ step: Step, _ ledger: Ledger) {
        guard !isOver, started.count > Self.warmUp, step.offers != nil else { return }
        if ledger.jobs.contains(where: { $0.unfinished <= $0.open }) { isOver = true }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        guard case .over = observation, started.count > 2 * Self.warmUp else { return }
        judged += 1
        var sums = [Double](repeating: 0, count: ledger.jobs.count)
        for token in started.dropFirst(Self.warmUp) {
            guard let place = ledger.places[token.task.job] else { continue }
            sums[place] += Double(tokens[token] ?? 0)
        }
        let all = sums.reduce(0, +)
        let weights = ledger.jobs.reduce(0.0) { $0 + Double($1.spec.weight) }
        guard all > 0, weights > 0 else { return }
        for (place, job) in ledger.jobs.enumerated() {
            let share = sums[place] / all
            let due = Double(job.spec.weight) / weights
            let off = abs(share - due) / due
            guard off > Self.tolerance else { continue }
            found.append(
                "job \(job.id) got \(Int((share * 1000).rounded())) thousandths of the tokens, its weight gives it \(Int((due * 1000).rounded()))"
            )
        }
    }
}
