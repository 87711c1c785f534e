import ClusterModel

/// What the core decides by. All of it comes from the settings; nothing is read from elsewhere.
public struct CoreConfiguration: Sendable {
    /// How long an agent may stay silent before its attempts are given up.
    public var lease: Milliseconds
    /// How long an agent may stay silent before it gets no new work.
    public var suspectAfter: Milliseconds
    /// Attempts that may fail before the task does, where the task does not say.
    public var maxAttempts: UInt32
    /// First bound of the backoff's draw; it doubles with each failure.
    public var retryBase: Milliseconds
    /// Last bound of the backoff's draw.
    public var retryCap: Milliseconds
    /// Tasks that may wait or run at once; a submit beyond it is refused.
    public var maxQueuedTasks: Int
    /// Agents that are remembered at once.
    public var maxAgents: Int
    /// Attempts of one task, those that burn nothing included, before it fails: the end of every retry loop.
    public var maxAttemptsInAll: UInt32
    /// How long an agent that left or was lost is remembered and shown.
    public var forgetAgentsAfter: Milliseconds
    /// Waiting so long raises a job's tasks by one priority, at most to 8; 0: never.
    public var ageing: Milliseconds
    /// Instances that a task may crash before it is not tried again.
    public var poisonCrashes: UInt8
    /// Orders of one turn: more would hold up everything else.
    public var ordersPerTurn: Int
    /// Tasks that one turn goes over for work on a whole job (``SweepKind``).
    public var sweepPerTurn: Int
    /// What all attempts of a day together may take, by the calendar in UTC; 0: no limit.
    public var perDay: Spend

    /// A default for whatever is left out.
    public init(
        lease: Milliseconds = .seconds(30), suspectAfter: Milliseconds = .seconds(3), maxAttempts: UInt32 = 3,
        retryBase: Milliseconds = .seconds(1), retryCap: Milliseconds = .seconds(300), maxQueuedTasks: Int = 5_000_000,
        maxAgents: Int = 10_000, maxAttemptsInAll: UInt32 = 100, forgetAgentsAfter: Milliseconds = .seconds(3600),
        ageing: Milliseconds = 0, poisonCrashes: UInt8 = 3, ordersPerTurn: Int = 2000, sweepPerTurn: Int = 300,
        perDay: Spend = Spend()
    ) {
        self.lease = lease
        self.suspectAfter = suspectAfter
        self.maxAttempts = maxAttempts
        self.retryBase = retryBase
        self.retryCap = retryCap
        self.maxQueuedTasks = maxQueuedTasks
        self.maxAgents = maxAgents
        self.maxAttemptsInAll = maxAttemptsInAll
        self.forgetAgentsAfter = forgetAgentsAfter
        self.ageing = ageing
        self.poisonCrashes = poisonCrashes
        self.ordersPerTurn = ordersPerTurn
        self.sweepPerTurn = sweepPerTurn
        self.perDay = perDay
    }
}
