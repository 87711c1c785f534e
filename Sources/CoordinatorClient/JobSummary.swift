import ClusterModel

/// A job as the coordinator tells of it.
public struct JobSummary: Hashable, Sendable {
    public var job: JobID
    public var name: String
    public var submitter: String
    public var submittedAt: WallTime
    /// Nil while a task of it has not ended.
    public var finishedAt: WallTime?
    /// Whether all its tasks have been submitted.
    public var sealed: Bool
    public var tasks: UInt32
    /// Waiting, backoff included.
    public var queued: UInt32
    public var running: UInt32
    public var succeeded: UInt32
    public var failed: UInt32
    public var cancelled: UInt32
    public var skipped: UInt32
    public var expired: UInt32
    public var usage: Usage
    public var costMicroUSD: UInt64
    /// What holds it, in words; may be empty.
    public var note: String

    public init(
        job: JobID, name: String = "", submitter: String = "", submittedAt: WallTime = WallTime(milliseconds: 0),
        finishedAt: WallTime? = nil, sealed: Bool = true, tasks: UInt32 = 0, queued: UInt32 = 0, running: UInt32 = 0,
        succeeded: UInt32 = 0, failed: UInt32 = 0, cancelled: UInt32 = 0, skipped: UInt32 = 0, expired: UInt32 = 0,
        usage: Usage = Usage(), costMicroUSD: UInt64 = 0, note: String = ""
    ) {
        self.job = job
        self.name = name
        self.submitter = submitter
        self.submittedAt = submittedAt
        self.finishedAt = finishedAt
        self.sealed = sealed
        self.tasks = tasks
        self.queued = queued
        self.running = running
        self.succeeded = succeeded
        self.failed = failed
        self.cancelled = cancelled
        self.skipped = skipped
        self.expired = expired
        self.usage = usage
        self.costMicroUSD = costMicroUSD
        self.note = note
    }

    /// Tasks that have ended, however.
    public var ended: UInt32 { succeeded + failed + cancelled + skipped + expired }

    /// Whether every task is in and has ended.
    public var isFinished: Bool { sealed && ended == tasks }

    /// Whether every task succeeded.
    public var allSucceeded: Bool { isFinished && succeeded == tasks }
}
