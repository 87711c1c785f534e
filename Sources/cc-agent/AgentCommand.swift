import AgentServer
import ArgumentParser
import ClusterModel
import Foundation
import Logging
import ServiceLifecycle
import Settings
import UnixSignals

/// Runs Claude Code instances on this host for a coordinator.
@main
struct AgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cc-agent", abstract: "Runs Claude Code instances on this host for a coordinator.",
        discussion: "Every setting can also stand in the config file or in the environment (CCO_…). "
            + "Exit codes: 0 left in order, 1 failed, 2 wrong usage or settings, 4 refused by the coordinator.",
        version: Product.version)

    @Option(help: "Where the coordinator listens for agents: tcp://HOST:PORT.") var coordinator: String?
    @Option(help: "Settings in YAML.") var config: String?
    @Option(help: "This agent's name.") var name: String?
    @Option(help: "How many claude processes at once.") var instances: String?
    @Option(help: "The Claude Code CLI.") var claude: String?
    @Option(help: "Where unsent results and instances' files are kept.") var stateDir: String?
    @Option(help: "A name with a value (k=v) that tasks may ask for; repeatable.") var label: [String] = []
    @Option(help: "The key to connect with, from `ccctl keys new`.") var keyFile: String?
    @Option(help: "What may execute tasks on this host: claude, exec; repeatable.") var runner: [String] = []
    @Flag(help: .hidden) var offerNoop = false
    @Option(help: .hidden) var noopCapacity: String?
    @Option(name: .customLong("guard"), help: "cc-guard; by default the one beside this program.") var guardPath:
        String?
    @Option(help: "The least important lines to log.") var logLevel: String?
    @Option(help: "How log lines are written: text or json.") var logFormat: String?

    private var flags: [String: FlagValue] {
        let given = [
            "coordinator": coordinator, "name": name, "key-file": keyFile, "instances": instances, "claude": claude,
            "state-dir": stateDir,
            "guard": guardPath, "log-level": logLevel, "log-format": logFormat, "noop-capacity": noopCapacity,
        ]
        var flags = given.compactMapValues { $0.map(FlagValue.one) }
        if !label.isEmpty { flags["labels"] = .many(label) }
        if !runner.isEmpty { flags["policy.runners"] = .many(runner) }
        if offerNoop { flags["offer-noop"] = "true" }
        return flags
    }

    static func main() async {
        do {
            let command = try parse()
            let source = try SettingsSource(program: .agent, flags: command.flags, configFile: command.config)
            try await AgentProgram(settings: AgentSettings(source), source: source).run()
        } catch {
            AgentProgram.leave(with: error)
        }
    }
}
