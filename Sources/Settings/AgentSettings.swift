import ClusterModel
import Logging

/// All that an agent can be told.
public struct AgentSettings: Hashable, Sendable {
    /// Where the coordinator listens for agents.
    public var coordinator: Endpoint
    /// 1 to 64 of letters, digits, dot, underscore and dash.
    public var name: String
    /// How many `claude` processes at once, at the most.
    public var instances: Int
    /// As many are started, whatever the host has: an operator named the number itself.
    public var instancesAreExplicit: Bool
    /// The host's resources don't lower their number below this.
    public var minInstances: Int
    /// Idle ones that are kept ready ahead of need.
    public var spares: Int
    /// One that grew by more bytes since it was first measured is replaced between tasks.
    public var growthPerInstance: Int64
    /// An older one is replaced between tasks.
    public var agePerInstance: Milliseconds
    /// A turn whose instance says nothing for so long without a known reason is ended.
    public var silenceTimeout: Milliseconds
    /// The same from its prompt to its first line.
    public var firstByteTimeout: Milliseconds
    /// Absolute path of the Claude Code CLI; empty where no task may use it and there is none.
    public var claudePath: String
    /// Absolute; holds the outbox and the instances' own folders.
    public var stateDirectory: String
    /// Names with values that tasks may ask for.
    public var labels: [String: String]
    /// Nil: the CLI's own choice.
    public var model: String?
    /// For tasks that do not say.
    public var taskTimeout: Milliseconds
    /// An instance that has done so many is replaced.
    public var tasksPerInstance: Int
    /// An instance resident above it is replaced between tasks, in bytes.
    public var memoryPerInstance: Int64
    /// Starts of instances a minute, at the most.
    public var instancesPerMinute: Int
    /// How long a turn's calls may wait for their permits before it is interrupted.
    public var longestHold: Milliseconds
    /// The first so many bytes of an `exec` task's output are kept, where the task does not say.
    public var execOutputBytes: Int
    /// Whether instances' calls are metered, and wait for their permits, by a gateway of this agent's own.
    public var hasGateway: Bool
    /// Other services that tasks may reach through the gateway: names with base URLs.
    public var upstreams: [String: String]
    /// `full`, `normal` or `off`: SQLite's word for how the outbox waits for the disk. Benchmarks alone change it.
    public var durability: String
    /// Answers `noop` tasks, for benchmarks.
    public var offersNoop: Bool
    /// Attempts held at once by an agent that offers `noop` alone.
    public var noopCapacity: Int
    /// What jobs may do on this host.
    public var policy: AgentPolicy
    /// The least important lines to log.
    public var logLevel: Logger.Level
    /// How they are written.
    public var logFormat: LogFormat
    /// Absolute; the secret that this host's processes share.
    public var secretFile: String
    /// Absolute; the key to connect with instead of that secret. Nil: the secret.
    public var keyFile: String?
    /// Absolute path of cc-guard; nil: the one beside the program.
    public var guardPath: String?

    /// The table of settings.
    public enum Key {
        static let coordinator = SettingKey(
            "coordinator", .connectEndpoint, default: "tcp://127.0.0.1:7301",
            help: "Where the coordinator listens for agents (its agents-endpoint).")
        static let name = SettingKey("name", .string, help: "This agent's name; by default the host's.")
        static let instances = SettingKey(
            "instances", .integer(1...1000),
            help:
                "How many claude processes at once, started as asked; by default as the host can bear, within the next two."
        )
        static let minInstances = SettingKey(
            "min-instances", .integer(1...1000), default: "1",
            help: "Without instances: so many at the least, whatever the host has.")
        static let maxInstances = SettingKey(
            "max-instances", .integer(1...1000), default: "8",
            help: "Without instances: so many at the most; each takes 210 MB and more.")
        static let spares = SettingKey(
            "spares", .integer(0...100), default: "0",
            help: "Idle instances like the last that was used, kept ready ahead of need.")
        static let growthPerInstance = SettingKey(
            "growth-per-instance", .bytes((16 << 20)...(1 << 40)), default: "256MB",
            help: "An instance that grew by more than this since it was first measured is replaced between tasks.")
        static let agePerInstance = SettingKey(
            "age-per-instance", .duration(.seconds(60)...(.seconds(2_592_000))), default: "12h",
            help: "An older instance is replaced between tasks.")
        static let silenceTimeout = SettingKey(
            "silence-timeout", .duration(.seconds(1)...(.seconds(604_800))), default: "5m",
            help: "A task whose instance says nothing for so long, with no call and no tool under way, fails.")
        static let firstByteTimeout = SettingKey(
            "first-byte-timeout", .duration(.seconds(1)...(.seconds(604_800))), default: "2m",
            help: "A task whose instance says nothing at all for so long fails.")
        static let claude = SettingKey(
            "claude", .string, default: "claude", help: "The Claude Code CLI: a path, or a name to look up in PATH.")
        static let stateDirectory = SettingKey(
            "state-dir", .path,
            help:
                "Where unsent results and instances' files are kept; by default cc-orchestrator/agent-NAME in $XDG_STATE_HOME or ~/.local/state."
        )
        static let labels = SettingKey(
            "labels", .map, default: "", flag: "--label", help: "What tasks may ask of an agent, such as zone: eu.")
        static let model = SettingKey(
            "model", .string, help: "For tasks that name none; by default the CLI's own choice.")
        static let taskTimeout = SettingKey(
            "task-timeout", .duration(.seconds(1)...(.seconds(604_800))), default: "10m",
            help: "For tasks that do not say.")
        static let tasksPerInstance = SettingKey(
            "tasks-per-instance", .integer(1...1_000_000), default: "50",
            help: "An instance is replaced after so many tasks.")
        static let memoryPerInstance = SettingKey(
            "memory-per-instance", .bytes((64 << 20)...(1 << 40)), default: "512MB",
            help: "An instance that takes more than this is replaced between tasks.")
        static let instancesPerMinute = SettingKey(
            "instances-per-minute", .integer(1...100_000), default: "600",
            help: "Starts of instances a minute, at the most.")
        static let longestHold = SettingKey(
            "longest-hold", .duration(.seconds(1)...(.seconds(300))), default: "5m",
            help:
                "A turn whose calls wait longer than this for their permits is interrupted, and goes on later where it was."
        )
        static let execOutputBytes = SettingKey(
            "exec-output-bytes", .bytes(1...(16 << 20)), default: "1MiB",
            help: "So much of an exec task's output is kept, where the task does not say.")
        static let gateway = SettingKey(
            "gateway", .boolean, default: "true",
            help: "Meters each call of an instance and holds it until its permit; without it no limit is kept.")
        static let upstreams = SettingKey(
            "upstreams", .map, default: "", flag: "--upstream",
            help: "Other services behind the gateway, such as jira: https://example.atlassian.net.")
        static let offerNoop = SettingKey(
            "offer-noop", .boolean, default: "false",
            help: "Offers the runner noop, which answers with the prompt: for benchmarks.")
        static let noopCapacity = SettingKey(
            "noop-capacity", .integer(1...10_000), default: "4096",
            help: "Attempts held at once when noop is all that is offered.")
        static let guardPath = SettingKey("guard", .path, help: "cc-guard; by default the one beside this program.")

        /// Every key, in the order of the example file.
        public static let all: [SettingKey] = [
            coordinator, name, instances, minInstances, maxInstances, spares, claude, stateDirectory, labels, model,
            taskTimeout, tasksPerInstance,
            memoryPerInstance, growthPerInstance, agePerInstance, silenceTimeout, firstByteTimeout, instancesPerMinute,
            longestHold, execOutputBytes, gateway, upstreams, AgentPolicy.Key.runners,
            AgentPolicy.Key.commands,
            AgentPolicy.Key.directories, AgentPolicy.Key.repositories, AgentPolicy.Key.push,
            AgentPolicy.Key.permissionModes, AgentPolicy.Key.mcp, AgentPolicy.Key.settings,
            AgentPolicy.Key.environment, offerNoop, noopCapacity,
            CommonKeys.durability,
            CommonKeys.logLevel,
            CommonKeys.logFormat, CommonKeys.secretFile, CommonKeys.keyFile,
            guardPath,
        ]
    }

    /// Reads and checks them.
    ///
    /// - Throws: ``SettingsError`` for the first value that cannot be used, or if no `claude` is found.
    public init(_ source: SettingsSource) throws(SettingsError) {
        keyFile = try source.path(CommonKeys.keyFile)
        coordinator = try source.coordinator(Key.coordinator, keyFile: keyFile)
        name = try Self.name(source)
        instancesAreExplicit = source.origin(of: Key.instances) != nil
        instances = try source.integer(instancesAreExplicit ? Key.instances : Key.maxInstances)
        minInstances = try source.integer(Key.minInstances)
        guard instancesAreExplicit || minInstances <= instances else {
            throw SettingsError(
                "min-instances is \(minInstances), and max-instances only \(instances)",
                at: source.origin(of: Key.minInstances))
        }
        spares = try source.integer(Key.spares)
        growthPerInstance = try source.bytes(Key.growthPerInstance)
        agePerInstance = try source.duration(Key.agePerInstance)
        silenceTimeout = try source.duration(Key.silenceTimeout)
        firstByteTimeout = try source.duration(Key.firstByteTimeout)
        durability = try source.string(CommonKeys.durability) ?? "full"
        offersNoop = try source.boolean(Key.offerNoop)
        noopCapacity = try source.integer(Key.noopCapacity)
        policy = try AgentPolicy(source, offersNoop: offersNoop)
        claudePath = try Self.claudePath(source, isNeeded: policy.runners.contains("claude"))
        if let path = try source.path(Key.stateDirectory) {
            stateDirectory = path
        } else {
            stateDirectory = try source.context.stateDirectory() + "/agent-\(name)"
        }
        labels = try Self.labels(source)
        model = try source.string(Key.model)
        taskTimeout = try source.duration(Key.taskTimeout)
        tasksPerInstance = try source.integer(Key.tasksPerInstance)
        memoryPerInstance = try source.bytes(Key.memoryPerInstance)
        instancesPerMinute = try source.integer(Key.instancesPerMinute)
        longestHold = try source.duration(Key.longestHold)
        execOutputBytes = Int(try source.bytes(Key.execOutputBytes))
        hasGateway = try source.boolean(Key.gateway)
        upstreams = try Self.upstreams(source)
        logLevel = try source.logLevel()
        logFormat = try source.logFormat()
        secretFile = try source.secretFile()
        guardPath = try source.path(Key.guardPath)
    }

    private static func upstreams(_ source: SettingsSource) throws(SettingsError) -> [String: String] {
        let found = try source.map(Key.upstreams)
        for (name, address) in found.sorted(by: { $0.key < $1.key }) {
            let isWord = name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
            guard isWord, (1...32).contains(name.utf8.count), name != "claude" else {
                throw SettingsError(
                    "an upstream is named by 1 to 32 lower-case letters, digits and dashes, found \(String(reflecting: name))",
                    at: source.origin(of: Key.upstreams))
            }
            guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
                throw SettingsError(
                    "upstream \(name) needs a base URL such as https://example.atlassian.net, found \(String(reflecting: address))",
                    at: source.origin(of: Key.upstreams))
            }
        }
        return found
    }

    private static func name(_ source: SettingsSource) throws(SettingsError) -> String {
        let given = try source.string(Key.name)
        let name = given ?? source.context.hostName
        guard (1...64).contains(name.utf8.count), name != ".", name != "..", name.utf8.allSatisfy(isNameByte) else {
            let subject = given == nil ? "this host's name cannot be the agent's name; set --name to" : "expected"
            throw SettingsError(
                "\(subject) 1 to 64 of letters, digits, dot, underscore and dash, found \(String(reflecting: name))",
                at: source.origin(of: Key.name))
        }
        return name
    }

    private static func claudePath(_ source: SettingsSource, isNeeded: Bool) throws(SettingsError) -> String {
        let text = try source.string(Key.claude) ?? "claude"
        // A word with a slash or a tilde is a path, as in a shell.
        if text.contains("/") { return try source.resolved(text, Key.claude) }
        guard let found = source.context.executable(named: text) else {
            if !isNeeded { return "" }
            throw SettingsError(
                "\(text) was not found in PATH: install Claude Code, or name it with --claude PATH",
                at: source.origin(of: Key.claude).flatMap { $0 == .builtIn ? nil : $0 })
        }
        return found
    }

    /// Labels travel with every hello: they are few and short.
    private static func labels(_ source: SettingsSource) throws(SettingsError) -> [String: String] {
        let labels = try source.map(Key.labels)
        let origin = source.origin(of: Key.labels)
        guard labels.count <= 64 else {
            throw SettingsError("an agent has at most 64 labels, found \(labels.count)", at: origin)
        }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
            guard name.utf8.count <= 64, name.utf8.allSatisfy(isNameByte) else {
                throw SettingsError(
                    "a label's name is 1 to 64 of letters, digits, dot, underscore and dash, found \(String(reflecting: name))",
                    at: origin)
            }
            guard value.utf8.count <= Limits.nameBytes else {
                throw SettingsError("the label \(name) is over \(Limits.nameBytes) bytes", at: origin)
            }
        }
        return labels
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
