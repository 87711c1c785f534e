import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Submits a job and prints its number.",
        discussion:
            "Everything is checked before the first task is sent; when this returns, all of it is on the coordinator's disk."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: SubmitOptions

    func run() async throws {
        let submission = try options.submission()
        try await CtlSession.with(global) { session in
            let job = try await session.submit(submission)
            var json = JSONObject()
            json.add("job", job.job.rawValue)
            json.add("tasks", job.taskCount)
            try session.print(
                "job \(job.job): \(CountText.tasks(job.taskCount))", json: json, quiet: job.job.description)
        }
    }
}

extension CtlSession {
    /// Sends a checked job.
    func submit(_ submission: Submission) async throws -> SubmittedJob {
        try await client.submit(JobSpec(name: submission.name), options: submission.options, tasks: submission.tasks)
    }
}
