import ClusterModel

/// How a task ended.
public struct TaskResult: Hashable, Sendable {
    public var task: TaskID
    public var name: String
    /// An end.
    public var state: TaskState
    public var attempts: UInt32
    /// Empty when it never ran.
    public var agent: String
    /// Empty when it never ran.
    public var instance: String
    public var answer: Content?
    /// JSON.
    public var structured: Content?
    public var failure: TaskFailure?
    public var usage: Usage
    public var costMicroUSD: UInt64
    public var sessionID: String
    public var queuedAt: WallTime
    /// Nil when it never ran.
    public var startedAt: WallTime?
    public var finishedAt: WallTime
    /// The line that its template was filled with, or its prompt.
    public var input: Content?

    public init(
        task: TaskID, name: String = "", state: TaskState, attempts: UInt32 = 0, agent: String = "", instance: String = "",
        answer: Content? = nil, structured: Content? = nil, failure: TaskFailure? = nil, usage: Usage = Usage(),
        costMicroUSD: UInt64 = 0, sessionID: String = "", queuedAt: WallTime, startedAt: WallTime? = nil,
        finishedAt: WallTime, input: Content? = nil
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
    }
}
