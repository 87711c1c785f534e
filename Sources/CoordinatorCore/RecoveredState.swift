import ClusterModel

/// What a store knows of the time before: enough to go on where it was.
public struct RecoveredState: Sendable {
    public var jobs: [RecoveredJob] = []
    /// Packed rows in which an attempt may be open, in order.
    public var assignments: [RecoveredAssignment] = []
    public var agents: [AgentID: String] = [:]
    public var nextSequence: UInt64 = 1
    public var nextRow: UInt64 = 1

    public init() {}
}

/// A job as the store has it.
public struct RecoveredJob: Sendable {
    public var id: JobID
    public var spec: JobSpec
    public var key: SubmissionKey
    public var submittedAt: WallTime
    public var finishedAt: WallTime?
    public var sealed: Bool
    public var options: [TaskOptions]
    /// In order; empty when the job has finished.
    public var tasks: [RecoveredTask]
    /// Of a finished job; of another they are counted from its tasks.
    public var counts: JobCounts
    public var usage: Usage
    public var costMicroUSD: UInt64

    public init(
        id: JobID, spec: JobSpec, key: SubmissionKey, submittedAt: WallTime, finishedAt: WallTime?, sealed: Bool,
        options: [TaskOptions], tasks: [RecoveredTask], counts: JobCounts, usage: Usage, costMicroUSD: UInt64
    ) {
        self.id = id
        self.spec = spec
        self.key = key
        self.submittedAt = submittedAt
        self.finishedAt = finishedAt
        self.sealed = sealed
        self.options = options
        self.tasks = tasks
        self.counts = counts
        self.usage = usage
        self.costMicroUSD = costMicroUSD
    }
}

/// A task as the store has it.
public struct RecoveredTask: Sendable {
    public var sequence: UInt64
    public var options: UInt32
    /// Nil: it has not ended.
    public var end: TaskState?
    /// The last attempt that is known to have ended (0: none).
    public var attempt: UInt32
    public var failures: UInt8
    public var givenUp: Bool
    public var cancelRequested: Bool
    public var retryAt: WallTime?
    /// The latest assignment row whose attempt at this task has ended: what a later row names is open.
    public var closedRow: UInt64

    public init(
        sequence: UInt64, options: UInt32, end: TaskState? = nil, attempt: UInt32 = 0, failures: UInt8 = 0,
        givenUp: Bool = false,
        cancelRequested: Bool = false, retryAt: WallTime? = nil, closedRow: UInt64 = 0
    ) {
        self.closedRow = closedRow
        self.sequence = sequence
        self.options = options
        self.end = end
        self.attempt = attempt
        self.failures = failures
        self.givenUp = givenUp
        self.cancelRequested = cancelRequested
        self.retryAt = retryAt
    }
}

/// A packed assignment row.
public struct RecoveredAssignment: Sendable {
    public var row: UInt64
    public var agent: AgentID
    public var attempts: [AttemptNumber]

    public init(row: UInt64, agent: AgentID, attempts: [AttemptNumber]) {
        self.row = row
        self.agent = agent
        self.attempts = attempts
    }
}
