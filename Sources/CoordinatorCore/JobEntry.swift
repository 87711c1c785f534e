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
    public var tasks: UInt32 = 0
    public var queued: UInt32 = 0
    public var running: UInt32 = 0
    public var backoff: UInt32 = 0
    public var succeeded: UInt32 = 0
    public var failed: UInt32 = 0
    public var cancelled: UInt32 = 0
    public var skipped: UInt32 = 0
    public var expired: UInt32 = 0

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
            }
        }
    }
}

/// A job as clients are shown it.
public struct JobSummary: Sendable {
    public var id: JobID
    public var spec: JobSpec
    public var submittedAt: WallTime
    public var finishedAt: WallTime?
    public var sealed: Bool
    public var counts: JobCounts
    public var usage: Usage
    public var costMicroUSD: UInt64
}
