import ClusterModel
import CoordinatorCore

/// After the faults have healed everything ends: within two leases, the longest backoff and the work itself, and nothing stands still
/// for longer than two leases, a backoff and a task.
struct Liveness: Checker {
    static let rule = "liveness"
    var found: [String] = []
    private let pause: Micros
    private var healedAt: Micros?
    private var deadline: Micros = 0
    private var standstill: Micros = 0
    private var latest: Micros = 0
    private var isTold = false

    init(lease: Milliseconds, cap: Milliseconds) { pause = 2 * .ms(lease.rawValue) + .ms(cap.rawValue) }

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .taskEnded, .attemptEnded, .tasksAdded, .jobFinished: latest = step.at
        default: break
        }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .healed(let work, let more):
            standstill = more + .s(12)
            healedAt = now
            latest = max(latest, now)
            deadline = now + pause + work
        case .timePassed:
            guard healedAt != nil, !isTold, ledger.jobs.contains(where: { $0.finish == nil }) else { return }
            guard now > deadline || now > latest + pause + standstill else { return }
            isTold = true
            tell(now, ledger)
        case .neverEnds: found.append("the run goes on without an end")
        case .over: if !isTold, ledger.jobs.contains(where: { $0.finish == nil }) { tell(now, ledger) }
        default: break
        }
    }

    private mutating func tell(_ now: Micros, _ ledger: Ledger) {
        for job in ledger.jobs where job.finish == nil {
            let stuck = job.tasks.indices.filter { job.tasks[$0].end == nil }
            let first = stuck.first.map { index -> String in
                let task = job.tasks[index]
                let state =
                    task.isOpen
                    ? "open on \(task.openAgent.map { "\($0)" } ?? "?")" : task.held.map { "held (\($0))" } ?? "waiting"
                return "\(job.id).\(index), \(state), attempt \(task.sent)"
            }
            found.append(
                "at \(now / 1000) ms, \((now - (healedAt ?? 0)) / 1000) ms after all healed, job \(job.id) has \(stuck.count) tasks without an end (\(first ?? "none; sealed: \(job.isSealed)"))"
            )
        }
    }

}
