import ClusterModel

/// A job as the coordinator tells of it.
public struct JobSummary: Hashable, Sendable {
    /// Its number.
    public var job: JobID
    /// What its user calls it; may be empty.
    public var name: String
    /// Who submitted it.
    public var submitter: String
    /// When its first tasks came.
    public var submittedAt: WallTime
    /// Nil while a task of it has not ended.
    public var finishedAt: WallTime?
    /// Whether all its tasks have been submitted.
    public var sealed: Bool
    /// Tasks so far.
    public var tasks: UInt32
    /// Waiting, backoff included.
    public var queued: UInt32
    /// Attempts under way.
    public var running: UInt32
    /// Tasks that succeeded.
    public var succeeded: UInt32
    /// Tasks that failed.
    public var failed: UInt32
    /// Tasks that were cancelled.
    public var cancelled: UInt32
    /// Tasks that were skipped.
    public var skipped: UInt32
    /// Tasks that expired.
    public var expired: UInt32
    /// Tokens, all attempts together.
    public var usage: Usage
    /// Millionths of a dollar.
    public var costMicroUSD: UInt64
    /// What holds it, in words; may be empty.
    public var note: String
    /// Waiting for other tasks or for a job.
    public var blocked: UInt32
    /// Waiting for a person.
    public var held: UInt32
    /// Whether nothing of it starts until it is resumed.
    public var isPaused: Bool
    /// Attempts that failed while their task went on.
    public var retried: UInt64
    /// What all its attempts together may cost, in millionths of a dollar; 0: no limit.
    public var budgetMicroUSD: UInt64
    /// Tokens that all its attempts together may take; 0: no limit.
    public var budgetTokens: UInt64
    /// What becomes of it when a budget is used up.
    public var onBudget: OnBudget

    /// With all its parts.
    public init(
        job: JobID, name: String = "", submitter: String = "", submittedAt: WallTime = WallTime(milliseconds: 0),
        finishedAt: WallTime? = nil, sealed: Bool = true, tasks: UInt32 = 0, queued: UInt32 = 0, running: UInt32 = 0,
        succeeded: UInt32 = 0, failed: UInt32 = 0, cancelled: UInt32 = 0, skipped: UInt32 = 0, expired: UInt32 = 0,
        usage: Usage = Usage(), costMicroUSD: UInt64 = 0, note: String = "", blocked: UInt32 = 0, held: UInt32 = 0,
        isPaused: Bool = false, retried: UInt64 = 0, budgetMicroUSD: UInt64 = 0, budgetTokens: UInt64 = 0,
        onBudget: OnBudget = .hold
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
        self.blocked = blocked
        self.held = held
        self.isPaused = isPaused
        self.retried = retried
        self.budgetMicroUSD = budgetMicroUSD
        self.budgetTokens = budgetTokens
        self.onBudget = onBudget
    }

    /// Tasks that have ended, however.
    public var ended: UInt32 { succeeded + failed + cancelled + skipped + expired }

    /// Whether every task is in and has ended.
    public var isFinished: Bool { sealed && ended == tasks }

    /// Whether every task succeeded.
    public var allSucceeded: Bool { isFinished && succeeded == tasks }
}
