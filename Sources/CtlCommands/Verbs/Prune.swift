import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forgets finished jobs with their tasks and results.",
        discussion: "Either --older-than, or jobs by name; `all` means all that have finished.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: [String] = []

    @Option(help: ArgumentHelp("Jobs that finished so long ago: 12h, 7d.", valueName: "time"))
    var olderThan: String?

    @Flag(help: "Say what would go, and let it stay.")
    var dryRun = false

    /// The age that is meant; nil when jobs are named.
    func age() throws -> Milliseconds? {
        guard job.isEmpty != (olderThan == nil) else {
            throw UsageError("give either --older-than TIME or jobs")
        }
        return try olderThan.map { text in
            guard let length = TimeLength(text) else { throw UsageError("--older-than \(TimeLength.rule)") }
            return length.milliseconds
        }
    }

    func run() async throws {
        let age = try age()
        let selectors = try job.map { try JobSelector($0) }
        try await CtlSession.with(global, answerTimeout: CtlSession.longWork, firstRepeat: CtlSession.longWork) {
            session in
            let outcome: PruneOutcome
            if let age {
                outcome = try await session.client.prune(finishedLongerAgoThan: age, isRehearsal: dryRun)
            } else {
                var jobs: [JobID] = []
                for selector in selectors {
                    let found = try await selector.jobs(session.client)
                    jobs += (selector == .all ? found.filter(\.isFinished) : found).map(\.job)
                }
                outcome = try await session.client.prune(Array(Set(jobs)).sorted(), isRehearsal: dryRun)
            }
            var json = JSONObject()
            json.add("jobs", outcome.jobs)
            json.add("tasks", outcome.tasks)
            json.add("dry_run", dryRun)
            let jobs = outcome.jobs == 1 ? "1 job" : "\(outcome.jobs) jobs"
            try session.print(
                "\(jobs) with \(CountText.tasks(outcome.tasks)) \(dryRun ? "would be forgotten" : "forgotten")",
                json: json, quiet: nil)
        }
    }
}
