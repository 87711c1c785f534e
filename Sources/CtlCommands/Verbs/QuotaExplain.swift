import ArgumentParser
import CoordinatorClient
import Settings

struct QuotaExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says what holds a bucket's calls now, which tasks wait, and for how long.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A bucket such as claude.requests; `ccctl quota` lists them.")
    var bucket: String

    func run() async throws {
        let name = try QuotaText.name(bucket).description
        try await CtlSession.with(global) { session in
            let report = try await session.client.quotas()
            let quota = try Self.find(name, in: report)
            let estimates = Self.estimates(of: quota, in: report)
            var output = StandardOutput()
            switch session.format {
            case .table: for line in Self.lines(quota, estimates) { try output.line(SafeText.oneLine(line)) }
            case .json:
                var json = QuotaJSON.bucket(quota, named: true)
                json.add("estimates", estimates.map(QuotaJSON.estimate))
                try output.line(json.line)
            case .quiet: for task in quota.waitingTasks { try output.line(SafeText.oneLine(task)) }
            }
            try output.flush()
        }
    }

    /// - Throws: `CoordinatorFailure`, as the coordinator itself would.
    static func find(_ name: String, in report: QuotaReport) throws -> QuotaSummary {
        if let quota = report.quotas.first(where: { $0.name == name }) { return quota }
        let known = report.quotas.map(\.name).joined(separator: ", ")
        throw CoordinatorFailure(
            code: .unknownQuota,
            message: known.isEmpty
                ? "there is no bucket \(name), nor any other" : "there is no bucket \(name): there are \(known)")
    }

    /// Those of its service, and of its class of models where it has one.
    static func estimates(of quota: QuotaSummary, in report: QuotaReport) -> [QuotaEstimateSummary] {
        let parts = quota.name.split(separator: ".", maxSplits: 2)
        let mine = QuotaJSON.estimates(of: String(parts[0]), in: report)
        return parts.count == 3 ? mine.filter { $0.key.contains(parts[2]) } : mine
    }

    static func lines(_ quota: QuotaSummary, _ estimates: [QuotaEstimateSummary]) -> [String] {
        let line = QuotaLine(quota)
        var lines = ["bucket \(quota.name): \(quota.limit)\(quota.origin.isEmpty ? "" : " (\(quota.origin))")"]
        if !quota.explanation.isEmpty { lines.append(quota.explanation) }
        lines.append(numbers(quota))
        if let parked = quota.parkedFor {
            lines.append("nothing is granted for \(TimeText.length(milliseconds: parked.rawValue)): it is parked")
        } else if let wait = line.nextArrival {
            lines.append("something to take arrives in about \(TimeText.length(milliseconds: wait))")
        }
        if quota.waiting > 0 {
            var waiting = quota.waiting == 1 ? "1 call waits" : "\(quota.waiting) calls wait"
            if !quota.waitingTasks.isEmpty { waiting += ", first of " + quota.waitingTasks.joined(separator: ", ") }
            lines.append(waiting)
        }
        if quota.refusals > 0 || quota.overloads > 0 {
            lines.append(
                "the service refused \(quota.refusals) calls (429) and was overloaded \(quota.overloads) times")
        }
        return lines + line.notes + estimates.map { QuotaLine.sentence($0) }
    }

    private static func numbers(_ quota: QuotaSummary) -> String {
        var text =
            quota.isConcurrency
            ? "\(quota.used) of \(quota.most) are held" : "\(quota.remaining) of a burst of \(quota.most) are left"
        if quota.reserve > 0 { text += ", \(quota.reserve) of them for critical tasks alone" }
        if let perMinute = quota.limitPerMinute {
            text += "; the last minute took \(quota.spentLastMinute) of \(perMinute)"
        }
        return text + (quota.openCalls == 1 ? "; 1 call is open" : "; \(quota.openCalls) calls are open")
    }
}
