import ClusterModel
import GuardedProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Everything that is fixed when one `claude` process is started.
public struct LaunchPlan: Hashable, Sendable {
    /// Absolute path of the CLI.
    public var claudePath: String
    /// Absolute path of cc-guard.
    public var guardPath: String
    /// Names the agent's state directory: by it ``OrphanSweep`` finds what a killed guard left behind. Empty: none.
    public var marker: String
    /// The process whose death ends the instance: this one.
    public var parentPID: Int32
    /// The working directory; it must exist.
    public var directory: String
    /// CLAUDE_CONFIG_DIR: one a slot, since two processes that share one corrupt it.
    public var configDirectory: String
    /// The instance's whole environment: see ``InstanceEnvironment``.
    public var environment: [String: String]
    /// Empty: the CLI's own default. It can be changed later: ``ClaudeInstance/setModel(_:within:)``.
    public var model: String
    /// Empty: `default`. It can be changed later, save to and from `bypassPermissions`.
    public var permissionMode: String
    /// Tools that need no permission, in the CLI's own notation: `Edit`, `Bash(git *)`.
    public var allowedTools: [String]
    /// Tools that may not be used, in the same notation.
    public var disallowedTools: [String]
    /// Empty: none.
    public var schemaJSON: String
    /// Turns of the model for one prompt; 0: no cap.
    public var maxTurns: UInt32
    /// Millionths of a dollar between two ``ClaudeInstance/clear(within:)``; 0: no cap.
    public var budgetMicroUSD: UInt64
    /// What the CLI is told beside that.
    public var cli: CLIOptions
    /// The conversation that it goes on with, which lies in the config directory by then; nil: an empty one. No part of the fingerprint: after
    /// ``ClaudeInstance/clear(within:)`` the instance serves like any other.
    public var resume: SessionResume?
    /// How long after SIGTERM the guard waits before it kills.
    public var guardGrace: Milliseconds
    /// The directory as the task named it: empty for a scratch directory, so that such tasks can share an instance.
    private var requestedDirectory: String
    /// The task's own variables, as it named them.
    private var requestedEnvironment: [String]

    /// A plan for tasks with these options. `directory` is used where the options name none, `model` and `permissionMode` likewise.
    public init(
        options: TaskOptions, claudePath: String, guardPath: String, marker: String = "", parentPID: Int32 = getpid(),
        directory: String, configDirectory: String, environment: [String: String], model: String = "",
        permissionMode: String = "", guardGrace: Milliseconds = 5000
    ) {
        self.claudePath = claudePath
        self.guardPath = guardPath
        self.marker = marker
        self.parentPID = parentPID
        self.directory = options.directory.isEmpty ? directory : options.directory
        self.configDirectory = configDirectory
        self.environment = InstanceEnvironment.adding(options.environment, to: environment)
        self.model = options.model.isEmpty ? model : options.model
        self.permissionMode = options.permissionMode.isEmpty ? permissionMode : options.permissionMode
        self.allowedTools = options.allowedTools
        self.disallowedTools = options.disallowedTools
        self.schemaJSON = options.schemaJSON
        self.maxTurns = options.maxTurns
        self.budgetMicroUSD = options.budgetMicroUSD
        self.cli = options.cli
        self.guardGrace = guardGrace
        self.requestedEnvironment = options.environment
        self.requestedDirectory = Self.place(options)
    }

    /// The CLI's arguments: its long-lived mode, one JSON object a line each way.
    ///
    /// Values are given as `--flag=value`, since one that begins with a dash would be taken for a flag. No project's or user's
    /// settings are loaded (an empty `--setting-sources`): their hooks are commands that nobody here has agreed to.
    public var arguments: [String] {
        var words = [
            "-p", "--input-format=stream-json", "--output-format=stream-json", "--verbose", "--strict-mcp-config",
            "--setting-sources=", "--permission-prompts=none",
        ]
        func add(_ flag: String, _ value: String) {
            if !value.isEmpty { words.append("--\(flag)=\(value)") }
        }
        add("model", model)
        add("permission-mode", permissionMode)
        add("allowed-tools", allowedTools.joined(separator: ","))
        add("disallowed-tools", disallowedTools.joined(separator: ","))
        add("json-schema", schemaJSON)
        if let resume {
            add("resume", resume.session)
            if resume.isFork { words.append("--fork-session") }
        }
        if maxTurns > 0 { add("max-turns", String(maxTurns)) }
        if budgetMicroUSD > 0 { add("max-budget-usd", Self.dollars(budgetMicroUSD)) }
        return words + cliArguments
    }

    /// How the guard over it is started.
    var launch: GuardLaunch {
        GuardLaunch(guardPath: guardPath, marker: marker, parentPID: parentPID, grace: guardGrace)
    }

    /// The guard's arguments, the CLI and its own included.
    var guardArguments: [String] { launch.arguments(for: [claudePath] + arguments) }

    /// The environment that is passed on, the config directory included.
    var launchEnvironment: [String: String] {
        var values = environment
        values["CLAUDE_CONFIG_DIR"] = configDirectory
        return values
    }

    /// What a running instance cannot change: it may serve a task only when the task's options have the same.
    ///
    /// What an agent gives to all of its instances alike (paths, environment) and what belongs to the slot (config directory) is
    /// not part of it.
    public var fingerprint: String {
        var options = TaskOptions(
            permissionMode: permissionMode, allowedTools: allowedTools, disallowedTools: disallowedTools,
            directory: requestedDirectory, maxTurns: maxTurns, budgetMicroUSD: budgetMicroUSD, schemaJSON: schemaJSON,
            environment: requestedEnvironment)
        options.cli = cli
        return Self.fingerprint(for: options)
    }

    /// The fingerprint of the instance that a task with these options needs. `permissionMode` is used where the options name none.
    public static func fingerprint(for options: TaskOptions, permissionMode: String = "") -> String {
        // `bypassPermissions` can be neither entered nor, safely, left over the control channel.
        let mode = options.permissionMode.isEmpty ? permissionMode : options.permissionMode
        let lists = [options.allowedTools, options.disallowedTools, options.environment]
        let parts =
            lists.map { $0.joined(separator: "\u{1e}") } + [
                place(options), options.schemaJSON, String(options.maxTurns), String(options.budgetMicroUSD),
                mode == "bypassPermissions" ? "bypass" : "",
            ] + options.cli.launchParts
        return parts.joined(separator: "\u{1f}")
    }

    /// Where it stands: a slot has one folder for the worktrees of a repository, whatever their refs.
    private static func place(_ options: TaskOptions) -> String {
        options.workspace.map { "worktree of \($0.repository)" } ?? options.directory
    }

    /// Millionths of a dollar as the CLI reads them: `1.250000`.
    private static func dollars(_ micro: UInt64) -> String {
        let fraction = String(micro % 1_000_000)
        return "\(micro / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
