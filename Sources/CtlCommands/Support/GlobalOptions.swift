import ArgumentParser
import ClusterModel
import CoordinatorClient
import Settings

/// What every verb takes, before it or behind it; each also from the config file and from the environment.
struct GlobalOptions: ParsableArguments {
    @Option(help: "Where the coordinator listens for clients (CCO_COORDINATOR). Default: tcp://127.0.0.1:7302")
    var coordinator: String?

    @Option(name: [.short, .long], help: "table, json or quiet (CCO_OUTPUT). Default: table")
    var output: String?

    @Option(help: ArgumentHelp("A config file, YAML (CCO_CONFIG).", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The secret of this host's own processes (CCO_SECRET_FILE). Default: ~/.local/state/cc-orchestrator/loopback.secret",
            valueName: "file"))
    var secretFile: String?

    @Option(
        help: ArgumentHelp(
            "The key to connect with, for a coordinator on another host (CCO_KEY_FILE): a file from `ccctl keys new`.",
            valueName: "file"))
    var keyFile: String?

    @Option(
        help: ArgumentHelp(
            "How long an absent coordinator is tried, such as 5s (CCO_CONNECT_TIMEOUT).", valueName: "time"))
    var connectTimeout: String?

    /// - Throws: `SettingsError` for a value that can't be used, naming where it came from.
    func settings() throws -> ControlSettings {
        var flags: [String: FlagValue] = [:]
        if let coordinator { flags["coordinator"] = .one(coordinator) }
        if let output { flags["output"] = .one(output) }
        if let secretFile { flags["secret-file"] = .one(secretFile) }
        if let keyFile { flags["key-file"] = .one(keyFile) }
        if let connectTimeout { flags["connect-timeout"] = .one(connectTimeout) }
        return try ControlSettings(SettingsSource(program: .control, flags: flags, configFile: config))
    }
}
