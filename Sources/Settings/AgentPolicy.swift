/// What jobs may do on an agent's host: its own config decides, never the job.
public struct AgentPolicy: Hashable, Sendable {
    /// What may execute a task here.
    public var runners: [String]
    /// Programs that `exec` tasks may run: absolute paths or names in the agent's PATH; `*`: any. Empty: none.
    public var commands: [String]
    /// Absolute; a task may work in these and below. Empty: only in the agent's own scratch directories.
    public var directories: [String]
    /// Repositories that tasks may have worktrees of: URLs or absolute paths; `*`: any. Empty: none.
    public var repositories: [String]
    /// Whether a task may have its changes pushed to its repository.
    public var allowsPush: Bool
    /// The CLI's permission modes that a task may ask for.
    public var permissionModes: [String]
    /// Kinds of MCP servers that a task may bring: `http`, `stdio`. Empty: none.
    public var mcp: [String]
    /// Whether a task may bring settings of the CLI, hooks among them, which are commands.
    public var allowsSettings: Bool
    /// Names of variables that a `claude` task may bring; one may end in `*`. Empty: none.
    public var environment: [String]

    /// Answers a task with its own prompt: for benchmarks.
    static let noop = "noop"

    /// The table of settings, under `policy:` in the file.
    enum Key {
        static let runners = SettingKey(
            "policy.runners", .choiceList(["claude", "exec", AgentPolicy.noop]), default: "claude", flag: "--runner",
            help: "What may execute tasks on this host: claude, exec.")
        static let commands = SettingKey(
            "policy.commands", .list, default: "",
            help:
                "Programs that exec tasks may run: absolute paths or names in PATH; * for any; none: no command at all."
        )
        static let directories = SettingKey(
            "policy.directories", .pathList, default: "",
            help: "Folders that tasks may work in; none: only scratch folders of the agent's own.")
        static let repositories = SettingKey(
            "policy.repositories", .list, default: "",
            help:
                "Git repositories that tasks may have worktrees of: URLs or absolute paths; * for any; none: no worktrees."
        )
        static let push = SettingKey(
            "policy.push", .boolean, default: "false",
            help: "Whether tasks may have their changes pushed, as new branches, to those repositories.")
        static let permissionModes = SettingKey(
            "policy.permission-modes",
            .choiceList(["default", "acceptEdits", "plan", "dontAsk", "auto", "manual", "bypassPermissions"]),
            default: "default,acceptEdits,plan,dontAsk,auto,manual",
            help: "Permission modes that tasks may ask for; bypassPermissions must be named to be allowed.")
        static let mcp = SettingKey(
            "policy.mcp", .choiceList(["http", "stdio"]), default: "",
            help: "MCP servers that tasks may bring: http (and sse), stdio (any program); none: no server.")
        static let settings = SettingKey(
            "policy.settings", .boolean, default: "false",
            help: "Whether tasks may bring settings of the CLI; their hooks are commands.")
        static let environment = SettingKey(
            "policy.environment", .list, default: "",
            help: "Variables that claude tasks may bring, such as LC_*; none: no variable.")
    }

    /// - Parameter offersNoop: `noop` is among the runners; it is refused there without this.
    init(_ source: SettingsSource, offersNoop: Bool) throws(SettingsError) {
        var runners: [String] = []
        for runner in try source.list(Key.runners) where !runners.contains(runner) { runners.append(runner) }
        if runners.contains(Self.noop), !offersNoop {
            throw SettingsError(
                "the runner noop is for benchmarks alone: it needs offer-noop", at: source.origin(of: Key.runners))
        }
        if offersNoop, !runners.contains(Self.noop) { runners.append(Self.noop) }
        self.runners = runners
        commands = try source.list(Key.commands)
        for command in commands where command.isEmpty || command.contains("\0") || Self.isRelativePath(command) {
            throw SettingsError(
                "a command is an absolute path, a name without a slash, or *, found \(String(reflecting: String(command.prefix(100))))",
                at: source.origin(of: Key.commands))
        }
        directories = try source.list(Key.directories)
        repositories = try source.list(Key.repositories)
        allowsPush = try source.boolean(Key.push)
        permissionModes = try source.list(Key.permissionModes)
        mcp = try source.list(Key.mcp)
        allowsSettings = try source.boolean(Key.settings)
        environment = try source.list(Key.environment)
        for name in environment where name.isEmpty || name.contains("=") || name.dropLast().contains("*") {
            throw SettingsError(
                "a variable is named by its name, or by its beginning and *, found \(String(reflecting: String(name.prefix(100))))",
                at: source.origin(of: Key.environment))
        }
    }

    private static func isRelativePath(_ command: String) -> Bool {
        command.contains("/") && !command.hasPrefix("/")
    }
}
