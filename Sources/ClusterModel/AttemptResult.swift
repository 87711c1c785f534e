/// How an attempt ended, as its agent reports it.
public struct AttemptResult: Hashable, Sendable {
    public var token: AttemptToken
    /// An end: succeeded, failed or cancelled.
    public var state: TaskState
    public var answer: Content?
    /// The object that met the task's schema, as JSON.
    public var structured: Content?
    public var failure: TaskFailure?
    public var usage: Usage
    public var costMicroUSD: UInt64
    public var sessionID: String
    public var instance: String
    public var startedAt: WallTime
    public var finishedAt: WallTime
    /// The attempt does not count against the task, whatever its class says.
    public var notBurnt: Bool

    public init(
        token: AttemptToken, state: TaskState, answer: Content? = nil, structured: Content? = nil,
        failure: TaskFailure? = nil,
        usage: Usage = Usage(), costMicroUSD: UInt64 = 0, sessionID: String = "", instance: String = "",
        startedAt: WallTime, finishedAt: WallTime, notBurnt: Bool = false
    ) {
        self.token = token
        self.state = state
        self.answer = answer
        self.structured = structured
        self.failure = failure
        self.usage = usage
        self.costMicroUSD = costMicroUSD
        self.sessionID = sessionID
        self.instance = instance
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.notBurnt = notBurnt
    }
}
