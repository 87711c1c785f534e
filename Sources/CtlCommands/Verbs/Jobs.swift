import ArgumentParser

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists jobs, the newest first.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help + " Without: all."))
    var job: String?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int = 100

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000") }
    }

    func run() async throws {
        let selector = try job.map { try JobSelector($0) }
        try await CtlSession.with(global) { session in
            let jobs: [JobLine]
            if let selector {
                jobs = try await selector.jobs(session.client).map(JobLine.init)
            } else {
                jobs = try await session.client.jobs(limit: limit).map(JobLine.init)
            }
            try session.print(
                JobLine.columns, rows: jobs.map(\.row), json: jobs.map { $0.json() },
                quiet: jobs.map(\.job.job.description))
        }
    }
}
