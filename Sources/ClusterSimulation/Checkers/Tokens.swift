import ClusterModel
import CoordinatorCore

/// A result whose attempt is waited for is taken; any other is set aside. An agent is never told to drop what is waited for.
struct Tokens: Checker {
    static let rule = "tokens"
    var found: [String] = []

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .attemptEnded(let attempt):
            guard !attempt.givenUp else {
                if ledger.task(attempt.number.task)?.isOpen != true {
                    found.append("\(attempt.number.task)#\(attempt.number.attempt) was given up and was not open")
                }
                return
            }
            judge(attempt.number, ledger)
        case .taskEnded(let end):
            guard let result = end.result else { return }
            if result.token.task != end.task || result.token.attempt != end.attempt
                || result.token.store != Scenario.store
            {
                found.append("task \(end.task) was ended by \(result.token)")
            }
            judge(AttemptNumber(task: end.task, attempt: end.attempt), ledger)
        case .resultSetAside(let result, _, _, _):
            guard result.token.store == Scenario.store, let task = ledger.task(result.token.task) else { return }
            if task.isLive(result.token.attempt) { found.append("\(result.token) was waited for and was set aside") }
        default: break
        }
    }

    private mutating func judge(_ number: AttemptNumber, _ ledger: Ledger) {
        guard let task = ledger.task(number.task), !task.isLive(number.attempt) else { return }
        found.append("\(number.task)#\(number.attempt) was taken and was stale: the last sent is \(task.sent)")
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        guard case .welcomed(let agent, _, let abandon) = observation else { return }
        for token in abandon {
            guard let task = ledger.task(token.task), task.openAgent == agent, task.isOpen, task.sent == token.attempt
            else { continue }
            found.append("agent \(agent) is told to drop \(token), which is open on it")
        }
    }
}
