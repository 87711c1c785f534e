import ClusterModel
import Foundation
import Settings

/// The settings of the coordinator and the agent that `run` starts inside itself.
struct FleetPlan {
    static let defaultInstances = 8

    var secretFile: String
    var instances: Int?
    var claude: String?
    /// Tasks to do: more instances than that would be idle.
    var tasks: Int
    /// Folders that tasks may work in.
    var directories: [String]
    /// What its tasks ask to be executed by.
    var runners: [String]
    /// Repositories that its tasks have worktrees of.
    var repositories: [String]
    /// What calls are held to, as the command line says it.
    var quotas: [String]

    private let context: SettingsContext

    init(
        secretFile: String, instances: Int?, claude: String?, tasks: Int, directories: [String], runners: [String],
        repositories: [String] = [], quotas: [String] = []
    ) {
        self.secretFile = secretFile
        self.instances = instances
        self.claude = claude
        self.tasks = tasks
        self.directories = directories
        self.runners = runners
        self.repositories = repositories
        self.quotas = quotas
        // A config file is that of one program: the two inside are told by flags and the environment alone.
        var context = SettingsContext.current
        context.environment["CCO_CONFIG"] = nil
        // A key is for another coordinator than the one inside, which lets nobody else in.
        context.environment["CCO_KEY_FILE"] = nil
        self.context = context
    }

    /// - Throws: `SettingsError`.
    func coordinator(dataDirectory: String) throws -> CoordinatorSettings {
        let anyPort = FlagValue.one("tcp://127.0.0.1:*")
        var flags: [String: FlagValue] = [
            "data-dir": .one(dataDirectory), "agents-endpoint": anyPort, "clients-endpoint": anyPort,
            "blobs-endpoint": anyPort, "http": "off", "secret-file": .one(secretFile),
            "allowed-keys": .one(dataDirectory + "/allowed.keys"),
        ]
        if !quotas.isEmpty { flags["quotas"] = .many(quotas) }
        return try CoordinatorSettings(SettingsSource(program: .coordinator, flags: flags, context: context))
    }

    /// - Throws: `SettingsError`, also if there is no `claude`.
    func agent(stateDirectory: String) throws -> AgentSettings {
        var flags: [String: FlagValue] = [
            // Replaced by the port that the coordinator gets.
            "coordinator": "tcp://127.0.0.1:7301", "name": "local", "state-dir": .one(stateDirectory),
            "secret-file": .one(secretFile), "policy.directories": .many(directories),
            // The user speaks for this host: what the command line asks for is allowed.
            "policy.permission-modes": .many(PermissionModes.known), "policy.runners": .many(runners),
            "policy.commands": "*", "policy.mcp": .many(["http", "stdio"]), "policy.settings": "true",
            "policy.environment": "*",
            "policy.push": "true",
        ]
        if !repositories.isEmpty { flags["policy.repositories"] = .many(repositories) }
        if let claude { flags["claude"] = .one(claude) }
        if let instances {
            flags["instances"] = .one(String(instances))
        } else if context.environment["CCO_INSTANCES", default: ""].isEmpty {
            flags["max-instances"] = .one(String(max(1, min(Self.defaultInstances, tasks))))
        }
        return try AgentSettings(SettingsSource(program: .agent, flags: flags, context: context))
    }

    /// Where runs keep their state: `path`, else below the user's state directory.
    static func dataDirectory(_ path: String?) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let path {
            return URL(fileURLWithPath: (path as NSString).expandingTildeInPath).standardizedFileURL.path
        }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/cc-orchestrator/run" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw UsageError("HOME is not set to an absolute path: set it, or give --data-dir")
        }
        return home + "/.local/state/cc-orchestrator/run"
    }
}
