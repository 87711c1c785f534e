import ClusterModel
import CoordinatorClient

/// A job as `jobs` and `status` print it.
struct JobLine {
    let job: JobSummary

    init(_ job: JobSummary) { self.job = job }

    /// submitting, paused, queued, running, succeeded, failed, cancelled
    var state: String {
        if job.isFinished {
            if job.failed + job.expired + job.skipped > 0 { return "failed" }
            return job.cancelled > 0 ? "cancelled" : "succeeded"
        }
        if job.isPaused { return "paused" }
        if !job.sealed { return "submitting" }
        return job.running > 0 || job.ended > 0 ? "running" : "queued"
    }

    func json() -> JSONObject {
        var object = JSONObject()
        object.add("job", job.job.rawValue)
        object.add("name", job.name)
        object.add("submitter", job.submitter)
        object.add("state", state)
        object.add("tasks", job.tasks)
        object.add("queued", job.queued)
        object.add("running", job.running)
        object.add("blocked", job.blocked)
        object.add("held", job.held)
        object.add("succeeded", job.succeeded)
        object.add("failed", job.failed)
        object.add("cancelled", job.cancelled)
        object.add("skipped", job.skipped)
        object.add("expired", job.expired)
        object.add("usage", UsageJSON.object(job.usage))
        object.add("cost_usd", microUSD: job.costMicroUSD)
        BudgetLine(job).add(to: &object)
        object.add("submitted_at", timeMilliseconds: job.submittedAt.milliseconds)
        object.add("finished_at", timeMilliseconds: job.finishedAt?.milliseconds ?? 0)
        object.addOrNull("note", job.note)
        object.add("paused", job.isPaused)
        object.add("retried", job.retried)
        return object
    }

    static let columns: [Table.Column] = [
        .init("JOB", .right), .init("STATE"), .init("TASKS", .right), .init("QUEUED", .right), .init("RUNNING", .right),
        .init("BLOCKED", .right), .init("HELD", .right), .init("OK", .right), .init("FAILED", .right),
        .init("TOKENS", .right), .init("COST", .right),
        .init("SUBMITTED"),
        .init("NAME"),
    ]

    var row: [String] {
        [
            job.job.description, state, String(job.tasks), String(job.queued), String(job.running),
            String(job.blocked), String(job.held), String(job.succeeded),
            String(job.failed + job.expired + job.skipped),
            tokens, cost,
            TimeText.local(milliseconds: job.submittedAt.milliseconds),
            job.note.isEmpty ? job.name : "\(job.name) (\(job.note))",
        ]
    }

    private var tokens: String {
        let used = CountText.short(job.usage.total)
        return job.budgetTokens > 0 ? "\(used) of \(CountText.short(job.budgetTokens))" : used
    }

    private var cost: String {
        let spent = MoneyText.display(microUSD: job.costMicroUSD)
        return job.budgetMicroUSD > 0 ? "\(spent) of \(MoneyText.display(microUSD: job.budgetMicroUSD))" : spent
    }

    /// The sentence that ends a wait: `job 7: 38 succeeded, 2 failed, 12.3s, 481.2k tokens, $2.01`.
    var ending: String {
        var parts = ["\(job.succeeded) succeeded"]
        for (count, word) in [
            (job.failed, "failed"), (job.cancelled, "cancelled"), (job.skipped, "skipped"), (job.expired, "expired"),
        ] where count > 0 || word == "failed" {
            parts.append("\(count) \(word)")
        }
        if let finished = job.finishedAt {
            parts.append(TimeText.length(milliseconds: finished.milliseconds - job.submittedAt.milliseconds))
        }
        parts.append("\(CountText.short(job.usage.total)) tokens")
        parts.append(MoneyText.display(microUSD: job.costMicroUSD))
        return "job \(job.job): " + parts.joined(separator: ", ")
    }
}
