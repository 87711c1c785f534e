import ClusterModel
import Quotas

/// What a store knows of the time before: enough to go on where it was.
public struct RecoveredState: Sendable {
    /// All but the jobs.
    public var frame = RecoveredFrame()
    /// In order of their numbers, finished ones included.
    public var jobs: [RecoveredJob] = []

    /// A store in which nothing has happened.
    public init() {}
}

/// What a store knows beside its jobs.
public struct RecoveredFrame: Sendable {
    /// Packed rows in which an attempt may be open, in order.
    public var assignments: [RecoveredAssignment] = []
    /// All agents that were ever seen.
    public var agents: [AgentID: RecoveredAgent] = [:]
    /// What the next task is numbered by: above every task's that is stored.
    public var nextSequence: UInt64 = 1
    /// What the next assignment row is numbered by: above every row that the store still names.
    public var nextRow: UInt64 = 1
    /// What the next job is numbered by: above every job that was ever there, pruned ones included.
    public var nextJob: UInt32 = 1
    /// The user's switch over the whole queue.
    public var isPaused = false
    /// Sweeps that had begun and not ended, in the order in which they began.
    public var sweeps: [RecoveredSweep] = []
    /// Levels of the limits, as last recorded.
    public var quotas: [QuotaRecord] = []
    /// What was learned, in any order.
    public var quotaLessons: [QuotaLesson] = []
    /// Limits that users changed, by name.
    public var quotaLimits: [RecoveredLimit] = []
    /// The latest day on which something was spent; nil: there was none.
    public var spent: DaySpend?

    /// Of a store in which nothing has happened.
    public init() {}
}

/// An agent as the store has it.
public struct RecoveredAgent: Hashable, Sendable {
    /// What its operator called it last.
    public var name: String
    /// It gets no new work.
    public var isDrained: Bool

    /// Everything as given.
    public init(name: String, isDrained: Bool = false) {
        self.name = name
        self.isDrained = isDrained
    }
}

/// A limit that a user changed while the coordinator ran.
public struct RecoveredLimit: Hashable, Sendable {
    /// The bucket's name.
    public var name: String
    /// As it is written, without the name.
    public var limit: String

    /// Everything as given.
    public init(name: String, limit: String) {
        self.name = name
        self.limit = limit
    }
}

/// A sweep that had begun.
public struct RecoveredSweep: Hashable, Sendable {
    /// The job it goes over.
    public var job: JobID
    /// What it does.
    public var kind: SweepKind

    /// Everything as given.
    public init(job: JobID, kind: SweepKind) {
        self.job = job
        self.kind = kind
    }
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
    /// As they stand.
    public var switches: JobSwitches
    /// Its table of options in order; empty when the job has finished.
    public var options: [TaskOptions]
    /// In order; empty when the job has finished.
    public var tasks: ContiguousArray<RecoveredTask>
    /// Tasks that wait for others or belong to a context, in order of their places; most jobs have none.
    public var links: [RecoveredLinks]
    /// Tasks that are held, in order of their places.
    public var holds: [RecoveredHold]
    /// Conversations that turns may go on from, in order of their tasks' places.
    public var heads: [RecoveredHead]
    /// Of a finished job; of another they are counted from its tasks.
    public var counts: JobCounts
    /// Of all its attempts that reported, those that failed included.
    public var usage: Usage
    /// Of the same attempts, in millionths of a dollar.
    public var costMicroUSD: UInt64
    /// Attempts that did not end their task.
    public var retried: UInt64
    /// Attempts that reported tokens or a cost; 0 where the job comes without its tasks.
    public var reports: UInt64

    /// Everything as given.
    public init(
        id: JobID, spec: JobSpec, key: SubmissionKey, submittedAt: WallTime, finishedAt: WallTime?, sealed: Bool,
        switches: JobSwitches = JobSwitches(), options: [TaskOptions], tasks: ContiguousArray<RecoveredTask>,
        links: [RecoveredLinks] = [], holds: [RecoveredHold] = [], heads: [RecoveredHead] = [], counts: JobCounts,
        usage: Usage,
        costMicroUSD: UInt64, retried: UInt64 = 0, reports: UInt64 = 0
    ) {
        self.id = id
        self.spec = spec
        self.key = key
        self.submittedAt = submittedAt
        self.finishedAt = finishedAt
        self.sealed = sealed
        self.switches = switches
        self.options = options
        self.tasks = tasks
        self.links = links
        self.holds = holds
        self.heads = heads
        self.counts = counts
        self.usage = usage
        self.costMicroUSD = costMicroUSD
        self.retried = retried
        self.reports = reports
    }
}

/// What a task waits for, as it was submitted.
public struct RecoveredLinks: Sendable {
    /// The task's place in its job.
    public var index: UInt32
    /// The tasks that it waits for.
    public var after: [TaskLink]
    /// Its context; empty: none.
    public var context: String
    /// The context that it begins as a copy of; empty: none.
    public var fork: String

    /// Everything as given.
    public init(index: UInt32, after: [TaskLink], context: String, fork: String = "") {
        self.fork = fork
        self.index = index
        self.after = after
        self.context = context
    }
}

/// A conversation as a task left it.
public struct RecoveredHead: Sendable {
    /// The task's place in its job.
    public var index: UInt32
    /// Where it stands.
    public var head: ConversationHead

    /// Everything as given.
    public init(index: UInt32, head: ConversationHead) {
        self.index = index
        self.head = head
    }
}

/// A task that waits for a person.
public struct RecoveredHold: Sendable {
    /// The task's place in its job.
    public var index: UInt32
    /// Why, in words.
    public var why: String

    /// Everything as given.
    public init(index: UInt32, why: String) {
        self.index = index
        self.why = why
    }
}

/// A task as the store has it: 48 bytes, since a restart may read millions.
public struct RecoveredTask: Sendable {
    /// Order of arrival over all jobs, from 1.
    public var sequence: UInt64
    /// When it was submitted.
    public var queuedAt: WallTime
    /// Not to be queued before; nil: no attempt at it has ended yet.
    public var retryAt: WallTime?
    /// The latest assignment row whose attempt at this task has ended: what a later row names is open.
    public var closedRow: UInt64
    /// The last attempt that is known to have ended (0: none).
    public var attempt: UInt32
    /// Its row in the job's table.
    public var options: UInt16
    /// Failures that count against it so far.
    public var failures: UInt8
    /// Crashes so far.
    public var crashes: UInt8
    /// Nil: it has not ended.
    public var end: TaskState?
    /// Whether the last attempt was closed without a result: one that still arrives may be taken.
    public var givenUp: Bool
    /// Whether the user wants it ended.
    public var cancelRequested: Bool

    /// A task that has not been tried, but for what is given.
    public init(
        sequence: UInt64, options: UInt16, queuedAt: WallTime = WallTime(milliseconds: 0), end: TaskState? = nil,
        attempt: UInt32 = 0, failures: UInt8 = 0, crashes: UInt8 = 0, givenUp: Bool = false,
        cancelRequested: Bool = false, retryAt: WallTime? = nil, closedRow: UInt64 = 0
    ) {
        self.sequence = sequence
        self.options = options
        self.queuedAt = queuedAt
        self.end = end
        self.attempt = attempt
        self.failures = failures
        self.crashes = crashes
        self.givenUp = givenUp
        self.cancelRequested = cancelRequested
        self.retryAt = retryAt
        self.closedRow = closedRow
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
