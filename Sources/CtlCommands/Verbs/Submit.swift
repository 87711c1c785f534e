import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Submits a job and prints its number.",
        discussion: """
            What is on disk is checked before the first task is sent; when this returns, all of the job is on the \
            coordinator's disk. A full queue is waited out for ten minutes.

            \(ExitStatus.help)
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: SubmitOptions

    @Option(
        help: ArgumentHelp(
            "Names this submit: repeated under the same key it adds nothing and prints the same number.",
            valueName: "text"))
    var key: String?

    func run() async throws {
        let key = try key.map { text in
            guard !text.isEmpty, text.utf8.count <= Limits.nameBytes else {
                throw UsageError("--key must be 1 to \(Limits.nameBytes) bytes")
            }
            return SubmissionKey(text)
        }
        var pinned = try options.submission()
        try await pinned.pinRefs()
        let submission = pinned
        try await CtlSession.with(global) { session in
            let job = try await session.client.submit(
                submission, key: key ?? .random(), quiet: session.format == .quiet)
            var json = JSONObject()
            json.add("job", job.job.rawValue)
            json.add("tasks", job.taskCount)
            try session.print(
                "job \(job.job): \(CountText.tasks(job.taskCount))", json: json, quiet: job.job.description)
        }
    }
}

extension CoordinatorClient {
    /// Sends a checked job, with a progress bar on a terminal.
    func submit(
        _ submission: Submission, key: SubmissionKey = .random(), quiet: Bool
    ) async throws -> SubmittedJob {
        let meter = SubmitMeter(total: submission.tasks.count, quiet: quiet)
        defer { meter.clear() }
        let next = try submission.tasks.pull()
        return try await submitStream(
            submission.spec, options: submission.options, key: key, progress: { meter.observe($0) }, next: next)
    }
}
