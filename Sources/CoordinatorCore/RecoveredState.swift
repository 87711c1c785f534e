import ClusterModel

/// What a store knows of the time before: enough to go on where it was.
public struct RecoveredState: Sendable {
    /// In order of their numbers, finished ones included.
    public var jobs: [RecoveredJob] = []
    /// Packed rows in which an attempt may be open, in order.
    public var assignments: [RecoveredAssignment] = []
    /// Names of all agents that were ever seen.
    public var agents: [AgentID: String] = [:]
    /// What the next task is numbered by: above every task's that is stored.
    public var nextSequence: UInt64 = 1
    /// What the next assignment row is numbered by: above every row that the store still names.
    public var nextRow: UInt64 = 1

    /// A store in which nothing has happened.
    public init() {}
}

/// A job as the store has it.
public struct RecoveredJob: Sendable {
    /// Its number in the store.
    public var id: JobID
    /// As it was submitted.
    public var spec: JobSpec
    /// The key it was submitted under: it still finds the job for a repeated batch.
    public var key: SubmissionKey
    /// When its first batch came in.
    public var submittedAt: WallTime
    /// Nil: it has not finished.
    public var finishedAt: WallTime?
    /// Whether it is whole: no task can be added.
    public var sealed: Bool
    /// Its table of options in order; empty when the job has finished.
    public var options: [TaskOptions]
    /// In order; empty when the job has finished.
    public var tasks: [RecoveredTask]
    /// Of a finished job; of another they are counted from its tasks.
    public var counts: JobCounts
    /// Of all its attempts that reported, those that failed included.
    public var usage: Usage
    /// Of the same attempts, in millionths of a dollar.
    public var costMicroUSD: UInt64

    /// Everything as given.
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
    /// Order of arrival over all jobs, from 1.
    public var sequence: UInt64
    /// Its row in the job's table.
    public var options: UInt32
    /// Nil: it has not ended.
    public var end: TaskState?
    /// The last attempt that is known to have ended (0: none).
    public var attempt: UInt32
    /// Failures that count against it so far.
    public var failures: UInt8
    /// Whether the last attempt was closed without a result: one that still arrives may be taken.
    public var givenUp: Bool
    /// Whether the user wants it ended.
    public var cancelRequested: Bool
    /// Not to be queued before; nil: no attempt at it has ended yet.
    public var retryAt: WallTime?
    /// The latest assignment row whose attempt at this task has ended: what a later row names is open.
    public var closedRow: UInt64

    /// A task that has not been tried, but for what is given.
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
    /// Its number; later rows have higher ones.
    public var row: UInt64
    /// The agent that the attempts were handed to.
    public var agent: AgentID
    /// All that it was written with, those that have ended since included.
    public var attempts: [AttemptNumber]

    /// Everything as given.
    public init(row: UInt64, agent: AgentID, attempts: [AttemptNumber]) {
        self.row = row
        self.agent = agent
        self.attempts = attempts
    }
}
