import ClusterModel
import CoordinatorCore

/// Every task of an acknowledged submit ends, in exactly one record.
struct OneEnd: Checker {
    static let rule = "one end"
    var found: [String] = []
    private var acknowledged: [JobID: UInt32] = [:]

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        switch record {
        case .taskEnded(let end):
            guard let task = ledger.task(end.task) else {
                return found.append("task \(end.task) ended and is not there")
            }
            if task.end != nil { found.append("task \(end.task) has two ends") }
            if !end.state.isEnd { found.append("task \(end.task) ended as \(end.state.name)") }
        case .taskReopened(let id, _):
            if ledger.task(id)?.end?.mayBeRetried != true {
                found.append("task \(id) was reopened and had not ended badly")
            }
        case .jobFinished(let summary):
            guard let job = ledger.job(summary.id) else {
                return found.append("job \(summary.id) finished and is not there")
            }
            if job.unfinished != 0 || !job.isSealed || job.finish != nil {
                found.append("job \(summary.id) finished with \(job.unfinished) tasks unfinished")
            }
            if summary.usage != job.usage || summary.costMicroUSD != job.cost {
                found.append("job \(summary.id) finished with another usage than its attempts'")
            }
            var counts = JobCounts()
            counts.tasks = UInt32(job.tasks.count)
            for task in job.tasks { if let end = task.end { counts[end] += 1 } }
            if counts != summary.counts { found.append("job \(summary.id) finished with other counts than its ends'") }
        case .jobOpened(let id, _, let key, _):
            if ledger.job(id) != nil || ledger.pruned.contains(id) { found.append("job \(id) was opened twice") }
            if ledger.jobs.contains(where: { $0.key == key }) { found.append("job \(id) has the key of another") }
        case .tasksAdded(let id, let first, _, _, _):
            if ledger.job(id)?.tasks.count != Int(first) || ledger.job(id)?.isSealed != false {
                found.append("job \(id) cannot take tasks from \(first)")
            }
        case .pruned(let id, _, _, _):
            if ledger.job(id)?.finish == nil { found.append("job \(id) was pruned and had not finished") }
        default: break
        }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .submitAcknowledged(let id, let tasks):
            acknowledged[id] = max(acknowledged[id] ?? 0, tasks)
            if !ledger.pruned.contains(id), (ledger.job(id)?.tasks.count ?? -1) < Int(tasks) {
                found.append("job \(id) was acknowledged with \(tasks) tasks, and they are not on disk")
            }
        case .refused(let words): found.append("a submit was refused: \(words)")
        case .over:
            for id in acknowledged.keys.sorted() where !ledger.pruned.contains(id) {
                guard let job = ledger.job(id) else { found.append("acknowledged job \(id) is gone"); continue }
                for index in 0..<Int(acknowledged[id] ?? 0)
                where index >= job.tasks.count || job.tasks[index].end == nil {
                    found.append("task \(id).\(index) was acknowledged and has no end")
                }
                if job.isSealed, job.unfinished == 0, job.finish == nil {
                    found.append("job \(id) is done and not finished")
                }
            }
        default: break
        }
    }
}
