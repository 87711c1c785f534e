import ClusterModel

@testable import CoordinatorCore

extension CoordinatorCore {
    /// Everything that a restart must keep, a line each. A task that waits counts as one whether its backoff is over or not, and
    /// whether it was told yet that what it waits for has ended.
    var digest: [String] {
        var lines: [String] = []
        for job in jobs where !job.isGone {
            var counts = job.counts
            counts.queued += counts.backoff + counts.blocked
            counts.backoff = 0
            counts.blocked = 0
            lines.append(
                "job \(job.id) \(job.spec) \(job.key) sealed \(job.sealed) \(job.switches) finished \(job.finishedAt.map { $0.milliseconds } ?? -1)"
            )
            lines.append("\(counts) \(job.usage) \(job.costMicroUSD)")
            if job.finishedAt == nil { lines.append("options \(job.options.map(\.value))") }
            for index in job.heads.keys.sorted() {
                lines.append("\(job.id).\(index) \(String(describing: job.heads[index]))")
            }
            for (index, entry) in job.tasks.enumerated() {
                let state = entry.state == .backoff || entry.state == .blocked ? "queued" : entry.state.name
                // What counts against an ended task is of no use any more, and not kept.
                let rest = entry.state.isEnd ? "" : " \(entry.failures) \(entry.givenUp) \(entry.cancelRequested)"
                lines.append("\(job.id).\(index) \(state) \(entry.attempt) \(entry.sequence) \(entry.options)\(rest)")
            }
        }
        for task in open.keys.sorted() {
            guard let attempt = open[task] else { continue }
            lines.append(
                "open \(TaskID(packed: task))#\(attempt.attempt) row \(attempt.row) on \(agents[Int(attempt.agent.rawValue)].id)"
            )
        }
        for sweep in sweeps { lines.append("sweep \(sweep.job) \(sweep.kind)") }
        lines.append("paused \(isPaused)")
        lines.append("unfinished \(unfinishedTasks) next job \(nextJob)")
        return lines
    }
}

extension RecoveredState {
    /// A line a fact, to compare two stores. The next row is left out: any number above all that are used will do.
    var lines: [String] {
        var lines = ["next sequence \(frame.nextSequence)"]
        for job in jobs {
            lines.append(
                "job \(job.id) \(job.spec) \(job.key) \(job.submittedAt) \(String(describing: job.finishedAt)) \(job.sealed) \(job.switches) \(job.options)"
            )
            for links in job.links { lines.append("\(job.id) \(links)") }
            for kept in job.heads { lines.append("\(job.id) \(kept)") }
            for hold in job.holds { lines.append("\(job.id) \(hold)") }
            lines.append("\(job.counts) \(job.usage) \(job.costMicroUSD) \(job.reports)")
            for task in job.tasks { lines.append("\(job.id) \(task)") }
        }
        for row in frame.assignments { lines.append("\(row)") }
        for (id, agent) in frame.agents.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append("agent \(id) \(agent)")
        }
        for record in frame.quotas {
            lines.append(
                "limit \(record.name) \(record.state) \(record.parkedUntil?.milliseconds ?? -1) \(record.parkedFor)")
        }
        if let spent = frame.spent { lines.append("day \(spent.day) \(spent.spend)") }
        for lesson in frame.quotaLessons { lines.append("lesson \(lesson.kind) \(lesson.name) \(lesson.body)") }
        for limit in frame.quotaLimits { lines.append("limit of a user \(limit.name) \(limit.limit)") }
        lines.append("paused \(frame.isPaused) sweeps \(frame.sweeps) next job \(frame.nextJob)")
        return lines
    }

    /// Rows that a new row must come after.
    var highestRow: UInt64 {
        let closed = jobs.flatMap { $0.tasks.map(\.closedRow) }.max() ?? 0
        return max(closed, frame.assignments.map(\.row).max() ?? 0)
    }
}
