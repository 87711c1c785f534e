/// How a task is to be run. The tasks of a job share a table of these, so that a million tasks cost one row.
public struct TaskOptions: Hashable, Sendable {
    /// Which waiting task goes first, over all jobs; equals go in order of arrival.
    public var priority: Priority
    /// What executes it: `claude`, `exec` or `noop`.
    public var runner: String
    /// Empty: the agent's default.
    public var model: String
    /// Empty: the agent's default.
    public var permissionMode: String
    /// Tools that the CLI uses without asking, in its own notation such as `Bash(git *)`; empty: none are named.
    public var allowedTools: [String]
    /// Tools that the CLI may not use, in the same notation; empty: none are named.
    public var disallowedTools: [String]
    /// Absolute path on the agent's host; empty: a scratch directory of the agent's.
    public var directory: String
    /// 0: the agent's default.
    public var timeout: Milliseconds
    /// 0: no cap.
    public var maxTurns: UInt32
    /// Millionths of a dollar; 0: no cap.
    public var budgetMicroUSD: UInt64
    /// A JSON Schema that the answer must meet; empty: none.
    public var schemaJSON: String
    /// Attempts that may fail before the task does, the first included; 0: the coordinator's default.
    public var maxAttempts: UInt32
    /// Labels that the agent must have.
    public var needs: [LabelRule]
    /// Labels that the agent must not have.
    public var avoids: [LabelRule]
    /// A task that has not started so long after it was submitted expires; 0: never.
    public var expiresAfter: Milliseconds
    /// What becomes of a task whose attempt was lost with its agent.
    public var onLost: OnLost
    /// What becomes of the later turns of a context when one fails.
    public var onError: OnError
    /// Runner `exec`: program and arguments; `{line}` in them stands for the task's prompt.
    public var command: [String]
    /// Runner `exec`: the prompt goes to standard input.
    public var promptOnStandardInput: Bool
    /// `KEY=VALUE`, added to what the agent gives a command or an instance.
    public var environment: [String]
    /// Runner `exec`: at most so many bytes of output are kept; 0: the agent's default.
    public var outputBytes: UInt32
    /// Runner `claude`: what the CLI is told beside the above.
    public var cli: CLIOptions
    /// Nil: it works in ``directory``. Both together are refused.
    public var workspace: Workspace?

    /// Normal priority and every default of the agent and the coordinator, but for what is given.
    public init(
        priority: Priority = .normal, runner: String = "claude", model: String = "", permissionMode: String = "",
        allowedTools: [String] = [], disallowedTools: [String] = [], directory: String = "", timeout: Milliseconds = 0,
        maxTurns: UInt32 = 0, budgetMicroUSD: UInt64 = 0, schemaJSON: String = "", maxAttempts: UInt32 = 0,
        needs: [LabelRule] = [], avoids: [LabelRule] = [], expiresAfter: Milliseconds = 0, onLost: OnLost = .rerun,
        onError: OnError = .hold, command: [String] = [], promptOnStandardInput: Bool = false,
        environment: [String] = [], outputBytes: UInt32 = 0, cli: CLIOptions = CLIOptions(),
        workspace: Workspace? = nil
    ) {
        self.priority = priority
        self.runner = runner
        self.model = model
        self.permissionMode = permissionMode
        self.allowedTools = allowedTools
        self.disallowedTools = disallowedTools
        self.directory = directory
        self.timeout = timeout
        self.maxTurns = maxTurns
        self.budgetMicroUSD = budgetMicroUSD
        self.schemaJSON = schemaJSON
        self.maxAttempts = maxAttempts
        self.needs = needs
        self.avoids = avoids
        self.expiresAfter = expiresAfter
        self.onLost = onLost
        self.onError = onError
        self.command = command
        self.promptOnStandardInput = promptOnStandardInput
        self.environment = environment
        self.outputBytes = outputBytes
        self.cli = cli
        self.workspace = workspace
    }
}

/// What becomes of a task whose attempt was lost with its agent.
public enum OnLost: String, Sendable, CaseIterable {
    /// It is queued again at once.
    case rerun
    /// It is held for a person: its attempt may have had effects that must not happen twice.
    case hold
}

/// What becomes of the later turns of a context when one fails.
public enum OnError: String, Sendable, CaseIterable {
    case hold
    case skip
}
