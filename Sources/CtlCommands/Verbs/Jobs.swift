import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists jobs, the newest first.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help + " Without: all."))
    var job: String?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int = 100

    func validate() throws {
        guard (1...JobSelector.jobsAtMost).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(JobSelector.jobsAtMost)")
        }
    }

    func run() async throws {
        let selector = try job.map { try JobSelector($0) }
        try await CtlSession.with(global) { session in
            var table = Table(JobLine.columns, width: Terminal.width(1))
            if let selector {
                try Self.print(try await selector.jobs(session.client), session, &table)
                return
            }
            if limit <= Limits.tasksPerMessage {
                try Self.print(try await session.client.jobs(limit: limit), session, &table)
                return
            }
            var left = limit
            try await session.client.eachPageOfJobs { page in
                try Self.print(Array(page.prefix(left)), session, &table)
                left -= page.count
                return left > 0
            }
        }
    }

    private static func print(_ jobs: [JobSummary], _ session: CtlSession, _ table: inout Table) throws {
        let lines = jobs.map(JobLine.init)
        try session.print(
            &table, rows: lines.map(\.row), json: lines.map { $0.json() }, quiet: lines.map(\.job.job.description))
    }
}
