import ArgumentParser
import ClusterModel
import Settings

/// Holds the queue of a fleet of Claude Code instances.
@main
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cc-coordinator", abstract: "Holds the queue of a fleet of Claude Code instances.",
        discussion: "Every setting can also stand in the config file or in the environment (CCO_…). "
            + "Exit codes: 0 stopped in order, 1 failed, 2 wrong usage or settings, 3 port or data directory in use.",
        version: Product.version)

    @Option(help: "Settings in YAML.") var config: String?
    @Option(help: "Where the queue is kept.") var dataDir: String?
    @Option(help: "Where agents connect: tcp://127.0.0.1:7301; port * takes a free one.") var agentsEndpoint: String?
    @Option(help: "Where ccctl connects: tcp://127.0.0.1:7302.") var clientsEndpoint: String?
    @Option(help: "Where HTTP is served: 127.0.0.1:7303, or off.") var http: String?
    @Option(help: "Where content over 64 KiB comes and goes: tcp://127.0.0.1:7304.") var blobsEndpoint: String?
    @Option(help: "Who may connect beside this host's own programs, as `ccctl keys` writes it.") var allowedKeys:
        String?
    @Option(help: "An agent silent for this long loses its attempts (30s).") var lease: String?
    @Option(help: "What calls to a service are held to, such as claude.requests=60/min,burst=6; repeat it.")
    var quota: [String] = []
    @Option(help: "The least important lines to log.") var logLevel: String?
    @Option(help: "How log lines are written: text or json.") var logFormat: String?

    private var flags: [String: FlagValue] {
        let once = [
            "data-dir": dataDir, "agents-endpoint": agentsEndpoint, "clients-endpoint": clientsEndpoint, "http": http,
            "blobs-endpoint": blobsEndpoint, "lease": lease,
            "allowed-keys": allowedKeys, "log-level": logLevel, "log-format": logFormat,
        ].compactMapValues { $0.map(FlagValue.one) }
        return quota.isEmpty ? once : once.merging(["quotas": .many(quota)]) { $1 }
    }

    static func main() async {
        do {
            let command = try parse()
            let source = try SettingsSource(program: .coordinator, flags: command.flags, configFile: command.config)
            try await CoordinatorProgram(settings: CoordinatorSettings(source), source: source).run()
        } catch {
            CoordinatorProgram.leave(with: error)
        }
    }
}
