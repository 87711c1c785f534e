import ClusterModel
import CoordinatorCore

/// A task has one open attempt at most; numbers of attempts, rows and sessions are used once.
struct OneOpenAttempt: Checker {
    static let rule = "one open attempt"
    var found: [String] = []
    private var sent: Set<AttemptToken> = []
    private var sessions: Set<UInt64> = []

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .assigned(let row, _, let numbers, _):
            if ledger.rows[row] != nil { found.append("row \(row) is taken") }
            var seen: Set<TaskID> = []
            for number in numbers {
                guard let task = ledger.task(number.task) else {
                    found.append("task \(number.task) was handed out and is not there"); continue
                }
                if task.isOpen || !seen.insert(number.task).inserted {
                    found.append("task \(number.task) has two open attempts")
                }
                if task.end != nil { found.append("task \(number.task) was handed out after its end") }
                let isNew = number.attempt == max(task.sent, task.lastEnded) + 1
                let isTakenBack = step.offers == nil && task.isGivenUp && number.attempt == task.sent
                if !isNew, !isTakenBack {
                    found.append("attempt \(number.attempt) of task \(number.task) came after \(task.sent)")
                }
            }
        case .attemptEnded(let attempt):
            guard let task = ledger.task(attempt.number.task) else {
                return found.append("an attempt of task \(attempt.number.task) ended, which is not there")
            }
            if task.end != nil { found.append("an attempt of task \(attempt.number.task) ended after its task") }
            if attempt.row != 0, task.openRow != attempt.row || task.sent != attempt.number.attempt {
                found.append("task \(attempt.number.task): attempt \(attempt.number.attempt) ended and was not open")
            }
        case .assignmentRetired, .taskHeld: break
        default: break
        }
    }

    mutating func after(_ step: Step, _ ledger: Ledger) {
        for record in step.records {
            guard case .assigned(let row, _, let numbers, _) = record, ledger.rows[row] == nil else { continue }
            for number in numbers where ledger.task(number.task)?.openRow == row {
                found.append("row \(row) was retired with \(number.task) open in it")
            }
        }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .sent(let agent, let tokens):
            for token in tokens {
                if !sent.insert(token).inserted { found.append("\(token) was sent twice, now to agent \(agent)") }
                if (ledger.task(token.task)?.sent ?? .max) < token.attempt {
                    found.append("\(token) was sent before it was on disk")
                }
            }
        case .welcomed(let agent, let session, _):
            if !sessions.insert(session).inserted {
                found.append("agent \(agent) got session \(session), which was another's")
            }
        default: break
        }
    }
}
