import ArgumentParser
import ClusterTestKit
import Foundation

/// The product at work, as real processes: what `make demo` and `make verify` run.
@main
struct FleetScenes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet-scenes", abstract: "The product at work, as real processes against a simulated API.",
        subcommands: [
            Demo.self, Fifty.self, CoordinatorKills.self, AgentKill.self, Bulk.self, BigJob.self, Quota.self,
            Secrets.self, PoolFaults.self, AgentKills.self, PoolFlat.self,
            Contexts.self, HeldTurns.self,
            Workspaces.self,
        ])
}

/// What every scene takes.
struct SceneOptions: ParsableArguments {
    @Option(help: "The Claude Code CLI; by default $CLAUDE, else .dev/claude.") var claude: String?
    @Option(help: "The folder of the programs; by default the one of this program.") var programs: String?
    @Flag(help: "Leave the scratch folder, with every log.") var keep = false

    /// - Parameter withStandIn: whether the bench's `claude` is claude-sim, beside the programs.
    func play(withStandIn: Bool = false, _ scene: (Workbench) async throws -> String) async throws {
        let folder = try programs.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? Workbench.ownFolder()
        let given =
            withStandIn
            ? folder + "/claude-sim" : claude ?? ProcessInfo.processInfo.environment["CLAUDE"] ?? ".dev/claude"
        let path = URL(fileURLWithPath: given).standardizedFileURL.path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ValidationError("there is no Claude Code CLI at \(path): run `make setup`, or name one with CLAUDE=")
        }
        let bench = try Workbench(programs: folder, claude: path, keep: keep)
        if keep { print("scratch: \(bench.scratch)") }
        defer { bench.cleanUp() }
        print(try await scene(bench))
    }
}

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "40 tasks and an edit, on two agents with four instances each.")
    @OptionGroup var options: SceneOptions
    func run() async throws { try await options.play { try await DemoScene().run($0) } }
}

struct Fifty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-50", abstract: "50 calls open at once, from 50 instances.")
    @OptionGroup var options: SceneOptions
    func run() async throws { try await options.play { try await FiftyScene().run($0) } }
}

struct CoordinatorKills: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The coordinator killed 20 times with calls open and a result unacknowledged.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Decides the moments.") var seed: UInt64 = 1
    @Option(help: "How often.") var kills = 20

    func run() async throws {
        var scene = CoordinatorKillsScene()
        scene.seed = seed
        scene.kills = kills
        scene.tasks = 40 + 10 * kills
        let ready = scene
        try await options.play { try await ready.run($0) }
    }
}

struct AgentKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "An agent killed while its instances run Bash tools.")
    @OptionGroup var options: SceneOptions
    func run() async throws { try await options.play { try await AgentKillScene().run($0) } }
}

struct Contexts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Conversations on few instances that are replaced, with failures, copies and a killed agent.")
    @OptionGroup var options: SceneOptions
    func run() async throws { try await options.play { try await ContextsScene().run($0) } }
}

struct HeldTurns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns whose calls wait for too long: interrupted, and gone on with later.")
    @OptionGroup var options: SceneOptions
    func run() async throws { try await options.play { try await HeldTurnsScene().run($0) } }
}

struct Bulk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A long file submitted through kills of the coordinator: one result a line.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Lines of the file.") var tasks = 20_000

    func run() async throws {
        var scene = BulkScene()
        scene.tasks = tasks
        let ready = scene
        try await options.play { try await ready.run($0) }
    }
}

struct Quota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tasks against an API that limits them: none refused, nothing left unused.")
    @OptionGroup var options: SceneOptions
    @Argument(help: "Which of them; by default all.") var names: [String] = []

    func run() async throws {
        let known = QuotaScene.plans.map(\.name)
        for name in names where !known.contains(name) {
            throw ValidationError("there is no scene \(name): use \(known.joined(separator: ", "))")
        }
        for plan in QuotaScene.plans where names.isEmpty || names.contains(plan.name) {
            try await options.play { try await QuotaScene(plan).run($0) }
        }
    }
}

struct Workspaces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ten tasks at once in worktrees of one repository, and one branch of their patches.")
    @OptionGroup var options: SceneOptions
    @Option(help: "claude processes at once.") var instances = 10

    func run() async throws {
        var scene = WorkspacesScene()
        scene.instances = instances
        let ready = scene
        try await options.play { try await ready.run($0) }
    }
}

struct BigJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Control verbs on one very long job, and how long another client waits meanwhile.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Tasks of the long job.") var tasks = 200_000
    @Flag(
        help:
            "The programs are built for release: hold them to what is promised, and not to the looser bounds of debug ones."
    )
    var release = false

    func run() async throws {
        var scene = BigJobScene()
        scene.tasks = tasks
        scene.bounds = release ? .release : .debug
        let ready = scene
        try await options.play { bench in try await ready.run(bench) { try LibraryClient($0) } }
    }
}
