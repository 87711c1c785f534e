import ClusterModel
import CoordinatorClient
import Settings

/// Prints the results of a job page by page: what is in memory is one page and one answer.
struct ResultPrinter {
    let client: CoordinatorClient
    let format: OutputFormat

    /// - Throws: ``OutputFailure``, and what the client throws.
    func printResults(of job: JobID) async throws {
        var output = StandardOutput()
        var table = Table(Self.columns, width: Terminal.width(1))
        // Escapes reach no terminal; a file or a pipe gets the answer as it is.
        let isTerminal = Terminal.isTerminal(1)
        var next: UInt32? = 0
        while let first = next {
            let page = try await client.results(of: job, from: first)
            var rows: [[String]] = []
            for result in page.results {
                let line = try await ResultLine(result, from: client)
                switch format {
                case .table: rows.append(Self.row(line))
                case .json: try output.line(line.json().line)
                case .quiet: try output.line(isTerminal ? SafeText.block(line.bare) : line.bare)
                }
            }
            if format == .table { for line in table.lines(rows) { try output.line(line) } }
            try output.flush()
            // A page that does not go on would be asked for again without end.
            next = page.nextIndex.flatMap { $0 > first ? $0 : nil }
        }
    }

    static let columns: [Table.Column] = [
        .init("TASK"), .init("STATE"), .init("AGENT"), .init("TRIES", .right), .init("TIME", .right),
        .init("TOKENS", .right), .init("COST", .right), .init("ANSWER"),
    ]

    static func row(_ line: ResultLine) -> [String] {
        let result = line.result
        return [
            result.task.description, result.state.name, result.agent.isEmpty ? "-" : result.agent,
            String(result.attempts),
            line.durationMilliseconds.map(TimeText.length) ?? "-", CountText.short(result.usage.total),
            MoneyText.display(microUSD: result.costMicroUSD), line.shown.prefixed(Self.shownCharacters),
        ]
    }

    /// No terminal shows more of an answer on a line; the rest of a long one need not be measured.
    private static let shownCharacters = 1000
}

extension String {
    /// The first `count` scalars: unlike characters, they are found without looking at the rest.
    fileprivate func prefixed(_ count: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(count))) }
}
