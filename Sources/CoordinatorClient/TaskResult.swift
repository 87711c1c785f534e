import ClusterModel

/// How a task ended.
public struct TaskResult: Hashable, Sendable {
    /// Which task.
    public var task: TaskID
    /// What its user calls it; may be empty.
    public var name: String
    /// An end.
    public var state: TaskState
    /// Tries so far.
    public var attempts: UInt32
    /// Empty when it never ran.
    public var agent: String
    /// Empty when it never ran.
    public var instance: String
    /// What it answered; nil for nothing.
    public var answer: Content?
    /// JSON.
    public var structured: Content?
    /// What went wrong; nil if nothing.
    public var failure: TaskFailure?
    /// Tokens, all attempts together.
    public var usage: Usage
    /// Millionths of a dollar.
    public var costMicroUSD: UInt64
    /// The CLI's name for the conversation; empty when it never ran.
    public var sessionID: String
    /// When it was submitted.
    public var queuedAt: WallTime
    /// Nil when it never ran.
    public var startedAt: WallTime?
    /// When it ended.
    public var finishedAt: WallTime
    /// The line that its template was filled with, or its prompt.
    public var input: Content?
    /// What it did to its worktree; nil when it had none.
    public var workspace: WorkspaceOutcome?

    /// With all its parts.
    public init(
        task: TaskID, name: String = "", state: TaskState, attempts: UInt32 = 0, agent: String = "",
        instance: String = "",
        answer: Content? = nil, structured: Content? = nil, failure: TaskFailure? = nil, usage: Usage = Usage(),
        costMicroUSD: UInt64 = 0, sessionID: String = "", queuedAt: WallTime, startedAt: WallTime? = nil,
        finishedAt: WallTime, input: Content? = nil, workspace: WorkspaceOutcome? = nil
    ) {
        self.task = task
        self.name = name
        self.state = state
        self.attempts = attempts
        self.agent = agent
        self.instance = instance
        self.answer = answer
        self.structured = structured
        self.failure = failure
        self.usage = usage
        self.costMicroUSD = costMicroUSD
        self.sessionID = sessionID
        self.queuedAt = queuedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.input = input
        self.workspace = workspace
    }
}
