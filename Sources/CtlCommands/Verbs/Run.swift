import ArgumentParser
import CCOrchestrator
import ClusterModel
import CoordinatorClient
import Foundation
import Logging
import Settings

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a job on this machine alone: coordinator and agent inside this process.",
        discussion: """
            Works in the current folder, waits, prints the results as `results` does and ends as `wait` does. An interrupt \
            lets what runs finish; a second one stops it. A run that was cut off stays on disk: --resume goes on with the \
            newest one.

            \(ExitStatus.help)
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: SubmitOptions

    @Option(help: ArgumentHelp("How many claude processes at once, at most 8 unless told.", valueName: "n"))
    var instances: Int?

    @Option(help: ArgumentHelp("The Claude Code CLI (CCO_CLAUDE). Default: claude in PATH", valueName: "path"))
    var claude: String?

    @Option(help: ArgumentHelp("Where runs are kept. Default: ~/.local/state/cc-orchestrator/run", valueName: "dir"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "What calls to a service are held to, such as claude.requests=60/min,burst=6; repeat it.",
            valueName: "bucket=limit"))
    var quota: [String] = []

    @Option(
        help: ArgumentHelp(
            "With --repo DIR: bring the patches into a branch there, as apply does.", valueName: "name"))
    var branch: String?

    @Flag(help: "Go on with the newest run that was cut off.")
    var resume = false

    @Flag(help: "Keep the run's folder after its end.")
    var keep = false

    func validate() throws {
        guard (1...1000).contains(instances ?? 1) else { throw ValidationError("--instances must be 1 to 1000") }
    }

    func run() async throws {
        let settings = try global.settings()
        // Standard error belongs to the live line; CCO_LOG_LEVEL brings the two programs' own lines back.
        let level = ProcessInfo.processInfo.environment["CCO_LOG_LEVEL"].flatMap(Logger.Level.init(rawValue:))
        LogSetup.bootstrap(level: level ?? .error, format: .text)
        let folders = RunFolders(dataDirectory: try FleetPlan.dataDirectory(dataDir))
        throw resume ? try await resumed(folders, settings) : try await fresh(folders, settings)
    }

    private func fresh(_ folders: RunFolders, _ settings: ControlSettings) async throws -> ExitStatus {
        let here = FileManager.default.currentDirectoryPath
        // Nobody is there to raise the budget of a run: it ends.
        var submission = try options.submission(usual: .stop)
        guard !submission.spec.isPaused else {
            throw UsageError("a paused job would never end here: nobody else can resume it")
        }
        try await submission.pinRefs()
        for row in submission.options.indices
        where submission.options[row].directory.isEmpty && submission.options[row].workspace == nil {
            submission.options[row].directory = here
        }
        let named = submission.options.flatMap { [$0.directory] + $0.cli.directories }.filter { !$0.isEmpty }
        let directories = Array(Set(named + [here])).sorted()
        let runners = Array(Set(submission.options.map(\.runner))).sorted()
        let repositories = Array(Set(submission.options.compactMap(\.workspace?.repository))).sorted()
        let patches = try await patches(repositories)
        let plan = plan(
            settings, tasks: submission.tasks.count ?? .max, directories: directories, runners: runners,
            repositories: repositories, quotas: quota)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        try mentionUnfinished(folders)
        let run = try RunDirectory.create(in: folders.parent, milliseconds: now)
        let work = RunWork(run: run, settings: settings, keep: keep, resumeHint: resumeHint, branch: patches)
        return try await work.perform(plan) { [submission] client in
            try run.markSubmitting()
            let job = try await client.submit(submission, quiet: settings.output == .quiet)
            try run.write(
                RunDirectory.Record(
                    job: job.job.rawValue, tasks: job.taskCount, directories: directories, runners: runners,
                    repositories: repositories, quotas: quota, startedAtMilliseconds: now))
            return job.job
        }
    }

    private func resumed(_ folders: RunFolders, _ settings: ControlSettings) async throws -> ExitStatus {
        guard !options.hasSource else {
            throw UsageError("--resume goes on with what was submitted: give no new tasks with it")
        }
        guard let (run, record) = try folders.newestUnfinished() else {
            throw UsageError("there is no unfinished run in \(folders.parent)")
        }
        let plan = plan(
            settings, tasks: Int(record.tasks), directories: record.directories, runners: record.runners ?? ["claude"],
            repositories: record.repositories ?? [],
            quotas: quota.isEmpty ? record.quotas ?? [] : quota)
        let work = RunWork(
            run: run, settings: settings, keep: keep, resumeHint: resumeHint,
            branch: try await patches(record.repositories ?? []))
        return try await work.perform(plan) { _ in JobID(rawValue: record.job) }
    }

    /// Looked at before anything is run.
    private func patches(_ repositories: [String]) async throws -> PatchBranch? {
        guard let branch else { return nil }
        guard repositories.count == 1, repositories[0].hasPrefix("/") else {
            throw UsageError("--branch goes with --repo and a path: the patches are brought into that repository")
        }
        let patches = PatchBranch(repository: repositories[0], branch: branch, onto: nil, replaces: false)
        try await patches.check()
        return patches
    }

    private func plan(
        _ settings: ControlSettings, tasks: Int, directories: [String], runners: [String],
        repositories: [String], quotas: [String]
    ) -> FleetPlan {
        FleetPlan(
            secretFile: settings.secretFile, instances: instances, claude: claude, tasks: tasks,
            directories: directories, runners: runners, repositories: repositories, quotas: quotas)
    }

    /// One line, and nothing else: a fresh run leaves an older one alone.
    private func mentionUnfinished(_ folders: RunFolders) throws {
        guard let (run, record) = try folders.newestUnfinished() else { return }
        run.release()
        let start = TimeText.local(milliseconds: record.startedAtMilliseconds)
        Note.say(
            "ccctl: a run of \(CountText.tasks(record.tasks)) from \(start) did not end: \(resumeHint) goes on with it")
    }

    private var resumeHint: String { "ccctl run --resume" + (dataDir.map { " --data-dir \($0)" } ?? "") }
}
