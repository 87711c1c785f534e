import ClusterModel
import CoordinatorCore

/// Nothing starts that is paused or held, as the store has it and as users were told.
struct Pauses: Checker {
    static let rule = "pauses"
    var found: [String] = []
    /// Nil: the whole queue.
    private var asked: Set<JobID?> = []
    private var promised: Set<JobID?> = []

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        guard case .assigned(_, _, let numbers, _) = record else { return }
        for number in numbers {
            let id = number.task
            if ledger.task(id)?.held != nil { found.append("task \(id) is held and was handed out") }
            guard step.offers != nil else { continue }
            if ledger.isPaused { found.append("task \(id) started though the queue is paused") }
            guard let job = ledger.job(id.job) else { continue }
            if job.switches.isPaused { found.append("task \(id) started though its job is paused") }
            if job.switches.isStopped || job.switches.isExpired {
                found.append("task \(id) started though its job has stopped")
            }
            if ledger.task(id)?.cancelRequested == true {
                found.append("task \(id) started though it is to be cancelled")
            }
            if promised.contains(id.job) { found.append("task \(id) started after its job's pause was acknowledged") }
            if promised.contains(nil) { found.append("task \(id) started after the queue's pause was acknowledged") }
        }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .controlDelivered(.pause(let job)): asked.insert(job)
        case .controlDelivered(.resume(let job)):
            asked.remove(job)
            promised.remove(job)
        case .controlAcknowledged(.pause(let job), let changed):
            // That it changed nothing means that it was so already, but for a job that had finished.
            let isOver = job.map { ledger.job($0)?.finish != nil } ?? false
            if asked.contains(job), changed > 0 || !isOver { promised.insert(job) }
        default: break
        }
    }
}
