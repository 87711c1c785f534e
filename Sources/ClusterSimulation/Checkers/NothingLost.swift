import ClusterModel
import CoordinatorCore

/// A result that an agent finished is in the store or in an outbox; one that was acknowledged is in the store.
struct NothingLost: Checker {
    static let rule = "nothing lost"
    var found: [String] = []
    private var finished: Set<AttemptToken> = []
    private var dropped: Set<AttemptToken> = []

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .finished(let token): finished.insert(token)
        case .dropped(let token): dropped.insert(token)
        case .acknowledged(let tokens):
            for token in tokens where !ledger.reported.contains(token) && !ledger.pruned.contains(token.task.job) {
                found.append("the result of \(token) was acknowledged and is not on disk")
            }
        case .over(let outboxes):
            for token in finished.sorted(by: { ($0.task, $0.attempt) < ($1.task, $1.attempt) })
            where !ledger.reported.contains(token) && !outboxes.contains(token) && !dropped.contains(token) {
                found.append("the result of \(token) is neither in the store nor in an outbox")
            }
        default: break
        }
    }
}
