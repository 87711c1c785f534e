import ClusterModel

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
