import ArgumentParser

struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the results of jobs in task order: those tasks that have ended.",
        discussion:
            "With --output json one object a line; with quiet the answers alone. docs/CCCTL.md lists the fields.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: String

    func run() async throws {
        let selector = try JobSelector(job)
        try await CtlSession.with(global) { session in
            let printer = ResultPrinter(client: session.client, format: session.format)
            for job in try await selector.jobs(session.client) { try await printer.printResults(of: job.job) }
        }
    }
}
