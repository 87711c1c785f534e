import ClusterModel

/// What memory holds of a job. Its tasks' entries go when it has finished.
struct JobEntry {
    let id: JobID
    var spec: JobSpec
    var key: SubmissionKey
    var submittedAt: WallTime
    var finishedAt: WallTime?
    var sealed = false
    var switches = JobSwitches()
    var options: [SharedOptions] = []
    /// By row: its requirement's place.
    var kinds: [Int] = []
    /// By row: its lane, -1 before there is one.
    var laneOfRow: [Int32] = []
    /// Its lanes; few.
    var lanes: [Int] = []
    /// By priority, in no order; few.
    var accounts: [Account] = []
    var tasks: ContiguousArray<TaskEntry> = []
    var counts = JobCounts()
    var usage = Usage()
    var costMicroUSD: UInt64 = 0
    var retried: UInt64 = 0
    /// Nil: no task waits for another.
    var graph: JobGraph?
    /// Why tasks are held, unless by the user, who may hold a million at once: so many entries would make this table stand still as it grows.
    var holds: [UInt32: String] = [:]
    /// Conversations as turns that succeeded left them, and as interrupted attempts at unfinished tasks did.
    var heads: [UInt32: ConversationHead] = [:]
    /// Jobs that it waits for and that have not ended as they must.
    var unmetJobs = 0
    /// Kinds of sweeps that go over it now, one bit each.
    var sweeps: UInt8 = 0
    /// Tokens of an attempt, as learned from those that ended; 0: none has.
    var tokensLearned: UInt64 = 0
    /// Set aside for attempts that are under way, and how many of them there are.
    var reserved = Spend()
    var reservations: UInt32 = 0
    /// What calls of attempts that are under way count for.
    var callSpend = Spend()
    /// What an attempt takes, as learned from those that ended, and how many of them there were.
    var spendLearned = Spend()
    var reports: UInt32 = 0
    /// Its budget lets nothing more be started now.
    var isOverBudget = false
    /// The row that was sent last with a cap of the job's own: orders of equal caps share it.
    var capped: (row: Int, options: SharedOptions)?
    /// The agent of the latest order, for round-robin.
    var lastAgent: Int32 = -1
    /// It was pruned: its place waits to be taken out.
    var isGone = false

    init(id: JobID, spec: JobSpec, key: SubmissionKey, submittedAt: WallTime) {
        self.id = id
        self.spec = spec
        self.key = key
        self.submittedAt = submittedAt
        switches.isPaused = spec.isPaused
    }

    mutating func noteHold(_ index: UInt32, _ why: String) {
        holds[index] = why == CoordinatorCore.heldByUser ? nil : why
    }

    /// What clients are shown.
    var summary: JobSummary {
        JobSummary(
            id: id, spec: spec, submittedAt: submittedAt, finishedAt: finishedAt, sealed: sealed, counts: counts,
            usage: usage, costMicroUSD: costMicroUSD, retried: retried, switches: switches)
    }

    func isSwept(_ kind: SweepKind) -> Bool { sweeps & kind.bit != 0 }

    /// Whether a task of it may be started now, as far as the job itself is concerned.
    var mayStart: Bool {
        !switches.isPaused && !switches.isStopped && !switches.isExpired && unmetJobs == 0 && !isOverBudget
            && sweeps & SweepKind.holdingUp == 0 && (spec.maxParallel == 0 || counts.running < spec.maxParallel)
    }
}

extension SweepKind {
    /// Its bit in ``JobEntry/sweeps``.
    var bit: UInt8 { 1 << (rawValue - 1) }
    /// While one of these is under way nothing of the job starts.
    static let holdingUp: UInt8 = cancel.bit | hold.bit | stop.bit | expire.bit | prune.bit
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
