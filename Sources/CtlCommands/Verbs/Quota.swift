import ArgumentParser
import CoordinatorClient

struct Quota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what calls to services are held to, and changes it.",
        discussion: "Without a word more it lists every bucket.",
        subcommands: [
            QuotaList.self, QuotaExplain.self, QuotaSet.self, QuotaReset.self, QuotaUnpark.self,
        ], defaultSubcommand: QuotaList.self)
}

struct QuotaList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists every bucket: its limit, what is used and left, what waits.")

    @OptionGroup var global: GlobalOptions

    @Flag(help: "The same as --output json.")
    var json = false

    static let nothing =
        "no bucket is set, so no call is held: ccctl quota set claude.requests 60/min sets one, and so do --quota and quotas: of cc-coordinator"

    func run() async throws {
        var global = global
        if json { global.output = "json" }
        try await CtlSession.with(global) { session in
            let report = try await session.client.quotas()
            if report.quotas.isEmpty, session.format != .json {
                let lines = [Self.nothing] + QuotaLine.sentences(report)
                return try session.print(lines.joined(separator: "\n"), json: JSONObject(), quiet: nil)
            }
            let lines = report.quotas.map(QuotaLine.init)
            try session.print(
                QuotaLine.columns, rows: lines.map(\.row), json: [QuotaJSON.services(report)],
                quiet: report.quotas.map(\.name))
            guard session.format == .table else { return }
            var output = StandardOutput()
            for note in Self.notes(report) { try output.line(SafeText.oneLine(note)) }
            try output.flush()
        }
    }

    /// What the table has no column for.
    static func notes(_ report: QuotaReport) -> [String] {
        report.quotas.flatMap { QuotaLine($0).notes } + report.estimates.map { QuotaLine.sentence($0) }
            + QuotaLine.sentences(report)
    }
}
