import ClusterModel
import Quotas

/// One durable fact. A turn's records go into one transaction; what they make known goes out only after it is on disk.
public enum DurableRecord: Sendable {
    case jobOpened(JobID, spec: JobSpec, key: SubmissionKey, at: WallTime)
    case optionsAdded(JobID, first: UInt32, [TaskOptions])
    /// `firstSequence` numbers the first of them in the order of arrival over all jobs.
    case tasksAdded(JobID, first: UInt32, firstSequence: UInt64, [TaskSpec], at: WallTime)
    case jobSealed(JobID)
    /// One packed row for a batch of attempts handed to one agent.
    case assigned(row: UInt64, agent: AgentID, [AttemptNumber], at: WallTime)
    /// Every attempt of the row has ended: it need not be read again.
    case assignmentRetired(row: UInt64)
    /// An attempt that did not end its task.
    case attemptEnded(EndedAttempt)
    /// A task's end; `result` is nil when no attempt ended it.
    case taskEnded(EndedTask)
    /// The user wants a running task ended.
    case cancelRequested(TaskID)
    /// With its final counts, so that a restart need not count again.
    case jobFinished(JobSummary)
    /// A result that nothing waits for. The store keeps it for the user to see, unless it repeats one it has.
    case resultSetAside(AttemptResult, agent: AgentID, reason: SetAsideReason, at: WallTime)
    case agentSeen(AgentID, name: String, host: String)
    /// Its switches are now these.
    case jobChanged(JobID, JobSwitches)
    /// The user's switch over the whole queue.
    case queuePaused(Bool)
    /// A row of the job's table of options has another content from now on.
    case optionsChanged(JobID, row: UInt32, TaskOptions)
    /// The task has another row of its job's table from now on.
    case taskMoved(TaskID, options: UInt32)
    case taskHeld(TaskID, why: String)
    /// No longer held.
    case taskReleased(TaskID)
    /// An ended task is to be tried again: the attempt that ended it, if one did, goes to its attempts as closed in row `closedRow`; its answer
    /// goes; what counted against it so far counts no more (`failures`, `crashes`), and no late result of an old attempt is waited for
    /// (`givenUp`).
    case taskReopened(TaskID, closedRow: UInt64)
    /// The conversation as this task left it: after a turn of a context that succeeded, or as an attempt was interrupted. It takes the place of the
    /// task's earlier one.
    case headKept(TaskID, ConversationHead)
    /// Nothing goes on from it any more.
    case headDropped(TaskID)
    /// A finished job has unfinished tasks again.
    case jobReopened(JobID)
    case agentDrained(AgentID, Bool)
    /// What was spent of the limits, so far ahead that a restart can't spend it twice.
    case quotas(QuotaSnapshot)
    /// What was learned of limits and of what calls cost.
    case quotaLessons([QuotaLesson])
    /// A user's own limit of that name; nil: the configuration's again.
    case quotaLimit(name: String, BucketLimit?)
    /// Its budgets are those of this spec from now on.
    case budgetChanged(JobID, JobSpec)
    /// All that was spent on this day so far.
    case daySpent(DaySpend)
    /// Work on a job's tasks that takes more than one turn; a restart takes it up from its beginning.
    case sweepBegun(JobID, SweepKind)
    case sweepEnded(JobID, SweepKind)
    /// What is kept of the finished job's tasks in this range of places goes; with `isLast` the job itself.
    case pruned(JobID, first: UInt32, count: UInt32, isLast: Bool)
}

/// What a user, or the job's own rules, have switched for a whole job.
public struct JobSwitches: Hashable, Sendable {
    /// Nothing starts until it is resumed.
    public var isPaused = false
    /// More tasks failed than the job allows, or its budget was used up: what had not started was skipped.
    public var isStopped = false
    /// Its deadline came: what had not ended was ended.
    public var isExpired = false

    /// All off.
    public init() {}

    /// One bit a switch, for the store.
    public var bits: Int64 { (isPaused ? 1 : 0) | (isStopped ? 2 : 0) | (isExpired ? 4 : 0) }

    /// The inverse of ``bits``; bits of a newer version are ignored.
    public init(bits: Int64) {
        isPaused = bits & 1 != 0
        isStopped = bits & 2 != 0
        isExpired = bits & 4 != 0
    }
}

/// Work that goes over all tasks of a job, some in each turn, so that it delays nobody.
public enum SweepKind: UInt8, Sendable, CaseIterable {
    /// Ends what waits as cancelled and tells what runs to stop.
    case cancel = 1
    /// Queues what failed, was skipped or expired again.
    case retry = 2
    /// Releases what is held.
    case release = 3
    /// Holds what waits.
    case hold = 4
    /// Ends what waits as skipped: more tasks failed than the job allows, or its budget was used up.
    case stop = 5
    /// Ends what has not ended as expired: the deadline came.
    case expire = 6
    /// Forgets the finished job.
    case prune = 7
}

/// Made by the client for one submit, the same in all its batches and repeats.
public struct SubmissionKey: Hashable, Sendable {
    /// The first 8 of its 16 random bytes, read big-endian.
    public var high: UInt64
    /// The last 8 of them, read big-endian.
    public var low: UInt64

    /// Everything as given.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// An attempt inside the store that numbers it.
public struct AttemptNumber: Hashable, Sendable {
    /// The task that is tried.
    public var task: TaskID
    /// From 1.
    public var attempt: UInt32

    /// Everything as given.
    public init(task: TaskID, attempt: UInt32) {
        self.task = task
        self.attempt = attempt
    }
}

/// An attempt that failed, was lost or handed back, while its task goes on.
public struct EndedAttempt: Sendable {
    /// Which attempt it was.
    public var number: AttemptNumber
    /// The agent that held it.
    public var agent: AgentID
    /// The assignment row it was open in; 0 when it had been given up before.
    public var row: UInt64
    /// Why it did not end its task.
    public var failure: TaskFailure
    /// Failures that count against the task so far.
    public var failures: UInt8
    /// No result came: one that still arrives is taken while no other attempt has been sent.
    public var givenUp: Bool
    /// Not to be queued before.
    public var retryAt: WallTime
    /// When the coordinator learned of it.
    public var at: WallTime
    /// What it cost, if it reported.
    public var usage: Usage
    /// What it cost, in millionths of a dollar; 0 if it did not report.
    public var costMicroUSD: UInt64
    /// The instance that ran it; empty if none was reported.
    public var instance: String = ""
    /// Crashes of the task so far, this one included.
    public var crashes: UInt8 = 0
}

/// A task that has its end.
public struct EndedTask: Sendable {
    /// Which task it is.
    public var task: TaskID
    /// One of the ends.
    public var state: TaskState
    /// 0: it was never tried.
    public var attempt: UInt32
    /// The agent of the attempt that ended it; nil when the end came from the coordinator while nobody held it.
    public var agent: AgentID?
    /// The report that ended it; nil when none did (cancelled while it waited, given up with a lost agent).
    public var result: AttemptResult?
    /// Why it did not succeed; nil when it did. It goes before the failure in ``result``.
    public var failure: TaskFailure?
    /// When the coordinator learned of it.
    public var at: WallTime
}

/// Why a result was kept aside.
public enum SetAsideReason: String, Sendable {
    /// Made under another store: a history that a restore has replaced.
    case otherStore = "other store"
    case unknownTask = "unknown task"
    /// Its task has ended, or a later attempt has been sent.
    case stale = "stale"
}
