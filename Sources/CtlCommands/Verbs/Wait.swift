import ArgumentParser
import CoordinatorClient

struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Waits until jobs have ended.",
        discussion: "It rides through a coordinator's restart.\n\n\(ExitStatus.help)")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: String

    @Option(help: ArgumentHelp("Give up after this long: seconds, or 30s, 10m, 2h.", valueName: "time"))
    var timeout: String?

    func run() async throws {
        let selector = try JobSelector(job)
        let timeLimit = try timeout.map { try TimeLength.flag("--timeout", $0) }
        let status = try await CtlSession.with(global, answerTimeout: nil) { session in
            let jobs = try await selector.jobs(session.client).map(\.job)
            let waiter = JobWaiter(client: session.client, timeLimit: timeLimit, quiet: session.format == .quiet)
            let ended = try await waiter.wait(for: jobs)
            for summary in ended {
                try session.print(JobLine(summary).ending, json: JobLine(summary).json(), quiet: nil)
            }
            return ended.exitStatus
        }
        throw status
    }
}

extension TimeLength {
    /// A flag's value.
    /// - Throws: ``UsageError`` that names the flag.
    static func flag(_ flag: String, _ text: String) throws -> Duration {
        guard let length = TimeLength(text) else { throw UsageError("\(flag) \(rule)") }
        return .milliseconds(length.milliseconds.rawValue)
    }
}
