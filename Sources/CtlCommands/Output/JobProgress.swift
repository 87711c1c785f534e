import ClusterModel
import CoordinatorClient

/// What the live line shows of a job: counts, and a rate from the last half minute. Pure: the time comes in.
struct JobProgress {
    /// The rate is that of this much time past, in milliseconds.
    private static let windowMilliseconds: Int64 = 30_000

    private var seen: [(at: Instant, ended: UInt32)] = []
    private var jobs: [JobSummary] = []

    /// Takes what the coordinator says now.
    mutating func observe(_ jobs: [JobSummary], at now: Instant) {
        self.jobs = jobs
        seen.append((now, ended))
        // One older than the window stays, so that the window is always spanned.
        while seen.count > 2, now.milliseconds(since: seen[1].at).rawValue >= Self.windowMilliseconds {
            seen.removeFirst()
        }
    }

    private var ended: UInt32 { jobs.reduce(0) { $0 + $1.ended } }

    /// Tasks a second; nil before anything could be measured.
    var rate: Double? {
        guard let first = seen.first, let last = seen.last else { return nil }
        let elapsed = last.at.milliseconds(since: first.at).rawValue
        guard elapsed > 0, last.ended > first.ended else { return nil }
        return Double(last.ended - first.ended) * 1000 / Double(elapsed)
    }

    /// How long the rest takes at this rate.
    var remainingMilliseconds: Int64? {
        let left = jobs.reduce(0) { $0 + Int64($1.tasks) - Int64($1.ended) }
        guard let rate, left > 0 else { return nil }
        return Int64(Double(left) / rate * 1000)
    }

    /// `job 7: 120/1000 done, 8 running, 2 failed, 3.2/s, ETA 4m35s, 1.20M tokens, $3.21`
    var line: String {
        let title = jobs.count == 1 ? "job \(jobs[0].job)" : "\(jobs.count) jobs"
        var parts = ["\(ended)/\(total(\.tasks)) done", "\(total(\.running)) running"]
        let failed = jobs.reduce(0) { $0 + $1.failed + $1.expired + $1.skipped }
        parts.append("\(failed) failed")
        for (count, word) in [(total(\.blocked), "blocked"), (total(\.held), "held")] where count > 0 {
            parts.append("\(count) \(word)")
        }
        if let rate { parts.append(Self.text(rate)) }
        if let remaining = remainingMilliseconds { parts.append("ETA \(TimeText.length(milliseconds: remaining))") }
        parts.append("\(CountText.short(jobs.reduce(0) { $0 + $1.usage.total })) tokens")
        parts.append(MoneyText.display(microUSD: jobs.reduce(0) { $0 &+ $1.costMicroUSD }))
        let notes = jobs.map(\.note).filter { !$0.isEmpty }
        return "\(title): " + (parts + notes.prefix(1)).joined(separator: ", ")
    }

    private func total(_ field: KeyPath<JobSummary, UInt32>) -> UInt32 { jobs.reduce(0) { $0 + $1[keyPath: field] } }

    private static func text(_ rate: Double) -> String {
        rate >= 0.1 ? "\((rate * 10).rounded() / 10)/s" : "\((rate * 600).rounded() / 10)/min"
    }
}
