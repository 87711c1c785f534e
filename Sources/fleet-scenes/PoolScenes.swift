import ArgumentParser
import ClusterTestKit

struct Secrets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "200 tasks with a secret each through 8 warm instances: no request holds another task's secret.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Tasks that must succeed.") var tasks = 200

    func run() async throws {
        var scene = SecretsScene()
        scene.tasks = tasks
        let ready = scene
        try await options.play { try await ready.run($0) }
    }
}

struct PoolFaults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool-faults", abstract: "500 instances of claude-sim on one agent, faults in one task of twenty.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Instances.") var instances = 500
    @Option(help: "Tasks.") var tasks = 10_000
    @Option(help: "Tasks of a thousand that meet a fault.") var permille = 50
    @Option(help: "Decides which, and which fault.") var seed: UInt64 = 1

    func run() async throws {
        var scene = PoolFaultsScene()
        scene.instances = instances
        scene.tasks = tasks
        scene.permille = permille
        scene.seed = seed
        let ready = scene
        try await options.play(withStandIn: true) { try await ready.run($0) }
    }
}

struct AgentKills: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent-kills", abstract: "An agent killed 50 times while Bash tools run in its instances.")
    @OptionGroup var options: SceneOptions
    @Option(help: "How often.") var kills = 50
    @Option(help: "Instances.") var instances = 4
    @Option(help: "Decides the moments.") var seed: UInt64 = 1

    func run() async throws {
        var scene = AgentKillsScene()
        scene.kills = kills
        scene.instances = instances
        scene.seed = seed
        let ready = scene
        try await options.play { try await ready.run($0) }
    }
}

struct PoolFlat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool-flat", abstract: "2,000 tasks: memory, descriptors and threads of agent and coordinator.")
    @OptionGroup var options: SceneOptions
    @Option(help: "Tasks with claude-sim.") var simulated = 1600
    @Option(help: "Tasks with the real CLI.") var real = 400

    func run() async throws {
        var scene = PoolFlatScene()
        scene.simulatedTasks = simulated
        scene.realTasks = real
        let ready = scene
        try await options.play { try await ready.run($0, standIn: try $0.program("claude-sim")) }
    }
}
