import CoordinatorClient
import Quotas

/// A bucket as tables and sentences show it.
struct QuotaLine {
    let quota: QuotaSummary

    init(_ quota: QuotaSummary) { self.quota = quota }

    /// MINUTE is what the last minute took of what a minute brings.
    static let columns: [Table.Column] = [
        .init("BUCKET"), .init("LIMIT"), .init("USED", .right), .init("LEFT", .right), .init("RESERVE", .right),
        .init("WAITING", .right), .init("PARKED", .right), .init("MINUTE", .right), .init("429", .right),
        .init("ORIGIN"),
    ]

    var row: [String] {
        [
            quota.name, quota.limit, "\(quota.used)/\(quota.most)", String(quota.remaining), String(quota.reserve),
            String(quota.waiting), quota.parkedFor.map { TimeText.length(milliseconds: $0.rawValue) } ?? "-",
            quota.limitPerMinute.map { "\(quota.spentLastMinute)/\($0)" } ?? "-", String(quota.refusals), quota.origin,
        ]
    }

    /// What a row has no column for.
    var notes: [String] {
        var notes: [String] = []
        if quota.isShadow {
            let passed = quota.shadowOverruns == 1 ? "1 call passed" : "\(quota.shadowOverruns) calls passed"
            notes.append("\(quota.name) only counts (shadow): \(passed) that it would have held")
        }
        if let narrowed = quota.narrowedTo {
            notes.append("\(quota.name) is held to \(narrowed) at once while the service is overloaded")
        }
        if let learned = quota.learnedAgo {
            notes.append(
                "\(quota.name) was learned: the service last named it \(TimeText.length(milliseconds: learned.rawValue)) ago"
            )
        }
        return notes
    }

    /// What is said of no bucket alone.
    static func sentences(_ report: QuotaReport) -> [String] {
        var sentences: [String] = []
        let all = report.apiRetries.reduce(0) { $0 &+ $1.count }
        if all > 0 {
            let kinds = report.apiRetries.map { told in
                "\(told.count) after \(told.error.isEmpty ? "an error" : told.error)"
                    + (told.status > 0 ? " (\(told.status))" : "")
            }
            sentences.append("the CLI itself repeated \(all) calls: \(kinds.joined(separator: ", "))")
        }
        if !report.unmeteredAgents.isEmpty {
            sentences.append(
                "limits are kept on the average alone for agents without a gateway: \(report.unmeteredAgents.joined(separator: ", "))"
            )
        }
        return sentences
    }

    /// Milliseconds until there is something that a task may take that is not critical; nil: there is now, or it does not
    /// hang on time.
    var nextArrival: Int64? {
        let missing = Int128(quota.reserve) + 1 - Int128(quota.remaining)
        guard missing > 0, !quota.isShadow, case .rate(let amount, let window, _)? = kind else { return nil }
        return Int64(clamping: (missing * Int128(window.rawValue) + Int128(amount) - 1) / Int128(amount))
    }

    /// Nil for a text that a newer coordinator writes.
    private var kind: BucketLimit.Kind? {
        do {
            return try BucketLimit(name: quota.name, parsing: quota.limit).kind
        } catch {
            return nil
        }
    }

    /// How well a model's costs are foretold.
    static func sentence(_ estimate: QuotaEstimateSummary) -> String {
        let calls = estimate.calls == 1 ? "1 call" : "\(estimate.calls) calls"
        return """
            estimates for \(estimate.key), of \(calls): input \(estimate.inputErrorPercent) % off in the mean; \
            \(estimate.output) tokens taken ahead for an answer, which \(estimate.outputWithinPercent) % did not exceed\
            \(estimate.learnedAgo.map { "; last learned \(TimeText.length(milliseconds: $0.rawValue)) ago" } ?? "")
            """
    }
}
