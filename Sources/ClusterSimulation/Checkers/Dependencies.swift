import ClusterModel
import CoordinatorCore

/// A task starts only after what it waits for has ended as it must, turns of a context in order; it is skipped only for a reason.
struct Dependencies: Checker {
    static let rule = "dependencies"
    var found: [String] = []
    /// Links that were met once; what is tried again afterwards takes nothing back from those that go on.
    private var met: Set<Link> = []
    private var metJobs: Set<JobPair> = []
    /// Tasks whose turn before them failed and that a person let go on.
    private var released: Set<TaskID> = []
    private var followers: [TaskID: [Link]] = [:]

    private struct Link: Hashable {
        var task: TaskID
        var other: UInt32
        var isTurn: Bool
        var condition: LinkCondition
    }
    private struct JobPair: Hashable {
        var job: JobID
        var other: JobID
    }

    private func links(_ id: TaskID, _ task: Ledger.TaskRow) -> [Link] {
        var links = task.after.filter { $0.index != task.turnBefore }
            .map { Link(task: id, other: $0.index, isTurn: false, condition: $0.condition) }
        if let before = task.turnBefore { links.append(Link(task: id, other: before, isTurn: true, condition: .end)) }
        return links
    }

    private func isMet(_ link: Link, by end: TaskState, _ ledger: Ledger) -> Bool {
        if end == .succeeded { return true }
        if link.isTurn { return ledger.options(link.task)?.onError == .hold }
        return link.condition == .end || ledger.job(link.task.job)?.spec.continuesOnFailure == true
    }

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .taskEnded(let end):
            judgeSkip(end, ledger)
            for link in followers[end.task] ?? [] where isMet(link, by: end.state, ledger) { met.insert(link) }
        case .taskReopened(let id, _):
            guard let task = ledger.task(id) else { return }
            for link in links(id, task) {
                let end = ledger.task(TaskID(job: id.job, index: link.other))?.end
                if end.map({ isMet(link, by: $0, ledger) }) != true { met.remove(link) }
            }
            released.remove(id)
        case .taskReleased(let id): released.insert(id)
        case .jobFinished(let summary):
            for job in ledger.jobs where job.spec.after.contains(where: { $0.job == summary.id }) {
                for link in job.spec.after where link.job == summary.id {
                    let isMet =
                        link.condition == .end || job.spec.continuesOnFailure
                        || summary.counts.succeeded == summary.counts.tasks
                    if isMet { metJobs.insert(JobPair(job: job.id, other: summary.id)) }
                }
            }
        case .jobOpened(let id, let spec, _, _):
            for link in spec.after {
                guard let other = ledger.job(link.job), let finish = other.finish else { continue }
                let isMet =
                    link.condition == .end || spec.continuesOnFailure
                    || finish.counts.succeeded == finish.counts.tasks
                if isMet { metJobs.insert(JobPair(job: id, other: link.job)) }
            }
        case .assigned(_, _, let numbers, _) where step.offers != nil:
            for number in numbers { judge(number.task, ledger) }
        default: break
        }
    }

    mutating func after(_ step: Step, _ ledger: Ledger) {
        for record in step.records {
            guard case .tasksAdded(let id, let first, _, let specs, _) = record else { continue }
            for (offset, spec) in specs.enumerated() where !spec.after.isEmpty || !spec.context.isEmpty {
                let task = TaskID(job: id, index: first + UInt32(offset))
                guard let known = ledger.task(task) else { continue }
                for link in links(task, known) {
                    let other = TaskID(job: id, index: link.other)
                    followers[other, default: []].append(link)
                    if let end = ledger.task(other)?.end, isMet(link, by: end, ledger) { met.insert(link) }
                }
            }
        }
    }

    private mutating func judge(_ id: TaskID, _ ledger: Ledger) {
        guard let job = ledger.job(id.job), let task = ledger.task(id) else { return }
        for link in job.spec.after where !ledger.pruned.contains(link.job) {
            if !metJobs.contains(JobPair(job: job.id, other: link.job)) {
                found.append("task \(id) started before job \(link.job) ended rightly")
            }
        }
        guard !task.after.isEmpty || task.turnBefore != nil else { return }
        for link in links(id, task) {
            let other = TaskID(job: id.job, index: link.other)
            guard met.contains(link) else {
                found.append("task \(id) started before task \(other) ended rightly"); continue
            }
            if link.isTurn, let end = ledger.task(other)?.end, end != .succeeded, !released.contains(id) {
                found.append(
                    "task \(id) started though the turn before it, \(other), is \(end.name) and nobody released it")
            }
        }
    }

    private mutating func judgeSkip(_ end: EndedTask, _ ledger: Ledger) {
        guard end.state == .skipped, let job = ledger.job(end.task.job), let task = ledger.task(end.task),
            !job.switches.isStopped
        else { return }
        let isExcused = links(end.task, task).contains { link in
            let other = ledger.task(TaskID(job: end.task.job, index: link.other))?.end
            return other != nil && other != .succeeded
        }
        if !isExcused { found.append("task \(end.task) was skipped, and all it waits for may still succeed") }
    }
}
