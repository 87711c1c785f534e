import ClusterModel

/// What memory holds of a job. Its tasks' entries go when it has finished.
struct JobEntry {
    let id: JobID
    var spec: JobSpec
    var key: SubmissionKey
    var submittedAt: WallTime
    var finishedAt: WallTime?
    var sealed = false
    var options: [TaskOptions] = []
    var tasks: ContiguousArray<TaskEntry> = []
    var counts = JobCounts()
    var usage = Usage()
    var costMicroUSD: UInt64 = 0

    init(id: JobID, spec: JobSpec, key: SubmissionKey, submittedAt: WallTime) {
        self.id = id
        self.spec = spec
        self.key = key
        self.submittedAt = submittedAt
    }

    /// What clients are shown.
    var summary: JobSummary {
        JobSummary(
            id: id, spec: spec, submittedAt: submittedAt, finishedAt: finishedAt, sealed: sealed, counts: counts,
            usage: usage,
            costMicroUSD: costMicroUSD)
    }
}

/// How many of a job's tasks stand where.
public struct JobCounts: Hashable, Sendable {
    /// All of them: the sum of the counts below.
    public var tasks: UInt32 = 0
    /// Ready for the next agent with room.
    public var queued: UInt32 = 0
    /// Held by an agent.
    public var running: UInt32 = 0
    /// Waiting after a failure; clients see them as queued.
    public var backoff: UInt32 = 0
    /// Ended with an answer.
    public var succeeded: UInt32 = 0
    /// Ended without one: no further attempt could help, or none was left.
    public var failed: UInt32 = 0
    /// Ended by the user.
    public var cancelled: UInt32 = 0
    /// Ended as skipped: what they waited for did not succeed, or their job stopped.
    public var skipped: UInt32 = 0
    /// Ended as expired: they did not start, or their job did not end, in time.
    public var expired: UInt32 = 0
    /// Waiting for other tasks or for another job.
    public var blocked: UInt32 = 0
    /// Waiting for a person.
    public var held: UInt32 = 0

    /// All zero.
    public init() {}

    /// Tasks that have their end.
    public var ended: UInt32 { succeeded + failed + cancelled + skipped + expired }

    /// The count of one state.
    public subscript(state: TaskState) -> UInt32 {
        get {
            switch state {
            case .queued: queued
            case .running: running
            case .backoff: backoff
            case .succeeded: succeeded
            case .failed: failed
            case .cancelled: cancelled
            case .skipped: skipped
            case .expired: expired
            case .blocked: blocked
            case .held: held
            }
        }
        set {
            switch state {
            case .queued: queued = newValue
            case .running: running = newValue
            case .backoff: backoff = newValue
            case .succeeded: succeeded = newValue
            case .failed: failed = newValue
            case .cancelled: cancelled = newValue
            case .skipped: skipped = newValue
            case .expired: expired = newValue
            case .blocked: blocked = newValue
            case .held: held = newValue
            }
        }
    }
}

/// A job as clients are shown it.
public struct JobSummary: Sendable {
    /// From 1, in the order in which jobs came.
    public var id: JobID
    /// As it was submitted.
    public var spec: JobSpec
    /// When its first batch came in.
    public var submittedAt: WallTime
    /// When its last task had its end; nil while any has none, or more may be added.
    public var finishedAt: WallTime?
    /// Whether it is whole: no task can be added.
    public var sealed: Bool
    /// Where its tasks stand now.
    public var counts: JobCounts
    /// Of all its attempts that reported, those that failed included.
    public var usage: Usage
    /// Of the same attempts, in millionths of a dollar.
    public var costMicroUSD: UInt64
    /// Attempts that did not end their task.
    public var retried: UInt64 = 0
    /// As they stand now.
    public var switches = JobSwitches()
}
