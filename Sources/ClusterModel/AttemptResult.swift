/// How an attempt ended, as its agent reports it.
public struct AttemptResult: Hashable, Sendable {
    /// The attempt that ended; a result whose attempt nothing waits for is set aside.
    public var token: AttemptToken
    /// An end: succeeded, failed or cancelled.
    public var state: TaskState
    /// The final text; nil when the instance gave none.
    public var answer: Content?
    /// The object that met the task's schema, as JSON.
    public var structured: Content?
    /// Why it did not succeed; nil when it did.
    public var failure: TaskFailure?
    /// Tokens of this attempt alone; all 0 when the instance gave no result.
    public var usage: Usage
    /// Cost of this attempt alone, in millionths of a dollar; 0 when the instance gave no result.
    public var costMicroUSD: UInt64
    /// The CLI's session in which the answer was made; empty when it gave no result.
    public var sessionID: String
    /// The instance that ran it, as `agent/slot.generation`; empty when none was taken for it.
    public var instance: String
    /// When its turn began, by the agent's clock; when the attempt arrived, if no turn began.
    public var startedAt: WallTime
    /// When it ended, by the agent's clock.
    public var finishedAt: WallTime
    /// The attempt does not count against the task, whatever its class says.
    public var notBurnt: Bool
    /// Where its conversation stands: after a turn of a context that succeeded, and after one that was interrupted since its calls were held. Its
    /// transcript is where the coordinator keeps blobs before the result says so. Nil: there is nothing to go on from.
    public var head: ConversationHead?
    /// What it did to its worktree; nil when it had none.
    public var workspace: WorkspaceOutcome?

    /// Everything as given; what is left out was not reported.
    public init(
        token: AttemptToken, state: TaskState, answer: Content? = nil, structured: Content? = nil,
        failure: TaskFailure? = nil,
        usage: Usage = Usage(), costMicroUSD: UInt64 = 0, sessionID: String = "", instance: String = "",
        startedAt: WallTime, finishedAt: WallTime, notBurnt: Bool = false, head: ConversationHead? = nil,
        workspace: WorkspaceOutcome? = nil
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
        self.head = head
        self.workspace = workspace
    }
}
