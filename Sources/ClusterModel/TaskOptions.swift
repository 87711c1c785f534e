/// How a task is to be run. The tasks of a job share a table of these, so that a million tasks cost one row.
public struct TaskOptions: Hashable, Sendable {
    /// Which waiting task goes first, over all jobs; equals go in order of arrival.
    public var priority: Priority
    /// What executes it: `claude`.
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

    /// Normal priority and every default of the agent and the coordinator, but for what is given.
    public init(
        priority: Priority = .normal, runner: String = "claude", model: String = "", permissionMode: String = "",
        allowedTools: [String] = [], disallowedTools: [String] = [], directory: String = "", timeout: Milliseconds = 0,
        maxTurns: UInt32 = 0, budgetMicroUSD: UInt64 = 0, schemaJSON: String = "", maxAttempts: UInt32 = 0
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
    }
}
