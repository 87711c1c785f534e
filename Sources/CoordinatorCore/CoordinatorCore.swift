import ClusterModel
import Collections
import Quotas

/// The coordinator's decisions: a state machine without clocks, threads or I/O.
///
/// Inputs are the methods named for what happened; each leaves records and effects in the current turn. The shell takes the turn,
/// commits its records in one transaction, and carries its effects out when that is on disk. No decision walks a Dictionary or a Set:
/// their order differs from process to process.
public struct CoordinatorCore: Sendable {
    /// The store whose attempts these are: results that name another are set aside.
    public let storeID: StoreID
    /// Grows each time a coordinator takes this store over.
    public let term: UInt64
    /// What it decides by; fixed while it lives.
    public let configuration: CoreConfiguration

    var jobs: [JobEntry] = []
    var jobPlaces: [JobID: Int] = [:]
    var jobKeys: [SubmissionKey: JobID] = [:]
    var nextJob: UInt32 = 1
    var nextSequence: UInt64 = 1
    var nextRow: UInt64 = 1
    var nextSession: UInt64 = 1

    var agents: [AgentEntry] = []
    var agentPlaces: [AgentID: AgentIndex] = [:]

    /// The user's switch over the whole queue.
    public internal(set) var isPaused = false
    /// Drained agents that are not here.
    var drainedAway: Set<AgentID> = []

    var lanes: [Lane] = []
    var freeLanes: [Int] = []
    /// Lanes whose tasks may be started: by level, then by requirement.
    var shelves: [[Heap<ShelfItem>]] = Array(repeating: [], count: 10)
    /// Virtual time, by level: what the latest started job had used.
    var virtualTime: [UInt64] = Array(repeating: 0, count: 10)
    var kinds: [Requirement] = []
    var kindPlaces: [Requirement: Int] = [:]
    /// By requirement: the class whose limits its tasks share.
    var classOfKind: [Int32] = []
    var admissions: [Admission] = []
    /// By requirement, then by agent: whether the agent meets it.
    var fits: [[Bool]] = []

    var waiting = Heap<WaitingTask>()
    /// Deadlines of jobs and expiries of tasks.
    var expiries = Heap<Expiry>()
    var sweeps: Deque<Sweep> = []
    /// Ended tasks whose followers have not all been told, packed.
    var settled: Deque<UInt64> = []
    /// Of each of these: how many followers have been told.
    var told: [UInt64: Int] = [:]
    /// Jobs that wait for this one, until it has ended.
    var jobFollowers: [JobID: [JobID]] = [:]
    /// Requests that wait for a finished job to be read again.
    var reloads: [JobID: Reload] = [:]
    var open: [UInt64: OpenAttempt] = [:]
    /// Attempts of an assignment row that have not ended.
    var openInRow: [UInt64: Int] = [:]
    /// Rows of the tasks in open assignment rows, while a store is taken up: see ``recover(_:at:)``.
    var recovering: Recovering?
    var unfinishedTasks = 0
    var goneJobs = 0
    var resultsSetAside: UInt64 = 0
    /// Tokens of an attempt, as learned from all that ended: what a job is charged before its own are known.
    var tokensLearned: UInt64 = 0
    /// What is spent today, and what attempts take that belong to no budget of a job.
    var spending = Spending()
    /// The latest moment that time was told to have reached.
    var lastMoment = Instant.origin
    /// How fast tasks are started.
    var pace = Pace()
    /// The data directory's disk is nearly full: submits are refused so that results still fit.
    public internal(set) var diskIsLow = false
    /// The store is as large as it may get: submits are refused.
    public internal(set) var storeIsFull = false
    /// Limits of services, and who may call them; nil until ``openDesk(limits:isDurable:recovered:at:)``.
    var desk: CallDesk?
    /// Calls that count for budgets, and calls that wait for one.
    var budgeted: [CallName: BudgetedCall] = [:]
    var budgetWaits: [BudgetWait] = []
    /// Until then, calls of before a restart may be under way of which nobody has told yet.
    var heldBeforeUntil: Instant?
    var jitter: JitterSource
    var turn = Turn()
    /// Results of the current turn that their agents may forget.
    var acknowledgements: [(agent: AgentIndex, tokens: [AttemptToken])] = []
    var acknowledgementPlaces: [AgentIndex: Int] = [:]

    /// An empty coordinator; ``recover(_:at:)`` fills it.
    public init(storeID: StoreID, term: UInt64, configuration: CoreConfiguration = CoreConfiguration(), seed: UInt64) {
        self.storeID = storeID
        self.term = term
        self.configuration = configuration
        self.jitter = JitterSource(seed: seed)
        self.nextSession = term << 32 | 1
    }

    /// Takes the place of a core of the same term that was given up: no session's number comes twice.
    public mutating func follow(_ other: CoordinatorCore, at now: Instant) {
        nextSession = max(nextSession, other.nextSession)
        // What was granted was spent, whether its record came to the disk or not. Agents have other places here.
        guard var known = other.desk else { return }
        known.forgetHolders(at: now)
        _ = known.takeNotices()
        desk = known
        heldBeforeUntil = now + configuration.lease + .seconds(2)
    }

    /// Hands out what the inputs since the last call have made.
    public mutating func takeTurn() -> Turn {
        recordSpending()
        var taken = Turn()
        swap(&taken, &turn)
        taken.effects += acknowledgements.map { .acknowledge($0.agent, $0.tokens) }
        acknowledgements = []
        acknowledgementPlaces = [:]
        return taken
    }

    /// Rows that the current turn would write: the loop stops reading when it is enough for one transaction.
    public var pendingWeight: Int { turn.weight }

    /// Whether anything waits to be taken.
    public var hasPendingTurn: Bool { !turn.isEmpty || !acknowledgements.isEmpty }

    // MARK: small tools that every input uses

    func place(of job: JobID) -> Int? { jobPlaces[job] }

    func token(_ task: TaskID, _ attempt: UInt32) -> AttemptToken {
        AttemptToken(store: storeID, task: task, attempt: attempt)
    }

    mutating func record(_ record: DurableRecord, weight: Int = 1) {
        turn.records.append(record)
        turn.weight += weight
    }

    mutating func emit(_ effect: Effect) { turn.effects.append(effect) }

    mutating func reply(_ handle: ReplyHandle, _ reply: Reply) { emit(.reply(handle, reply)) }

    /// Moves a task to another state; every count and its place in the queue follow from here.
    mutating func move(_ job: Int, _ index: Int, to next: TaskState) {
        let state = jobs[job].tasks[index].state
        precondition(
            state.mayBecome(next), "task \(jobs[job].id).\(index) cannot go from \(state.name) to \(next.name)")
        let couldStart = jobs[job].mayStart
        jobs[job].counts[state] -= 1
        jobs[job].counts[next] += 1
        jobs[job].tasks[index].state = next
        if next.isEnd {
            if !state.isEnd { unfinishedTasks -= 1 }
        } else if state.isEnd {
            unfinishedTasks += 1
        }
        if state == .held { jobs[job].holds[UInt32(index)] = nil }
        if state == .queued { leaveLane(job, index) }
        if next == .queued { enterLane(job, index) }
        if jobs[job].mayStart != couldStart { relist(job) }
    }

    /// Ends a job whose every task has its end.
    mutating func finishIfDone(_ job: Int, at now: Moment) {
        let entry = jobs[job]
        guard entry.sealed, entry.finishedAt == nil, entry.counts.ended == entry.counts.tasks else { return }
        // A sweep that is under way has its say first: it may bring tasks back.
        guard entry.sweeps == 0 else { return }
        jobs[job].finishedAt = now.wall
        forgetTasks(of: job)
        record(.jobFinished(jobs[job].summary))
        tellFollowers(ofJob: job, at: now)
    }

    /// A finished job keeps its counts alone.
    mutating func forgetTasks(of job: Int) {
        freeLanes(of: job)
        jobs[job].tasks = []
        jobs[job].options = []
        jobs[job].kinds = []
        jobs[job].laneOfRow = []
        jobs[job].accounts = []
        jobs[job].graph = nil
        jobs[job].holds = [:]
        jobs[job].heads = [:]
    }
}

/// A task in backoff.
struct WaitingTask: Comparable {
    var due: Instant
    var task: UInt64
    /// The attempt it waits after: an entry whose task has gone on since is passed over.
    var attempt: UInt32

    static func < (a: Self, b: Self) -> Bool { (a.due, a.task) < (b.due, b.task) }
    static func == (a: Self, b: Self) -> Bool { (a.due, a.task, a.attempt) == (b.due, b.task, b.attempt) }
}

/// How fast tasks are started: counted over ten seconds, remembered until the next ten are over.
struct Pace {
    static let window = Milliseconds.seconds(10)
    private var since: Instant?
    private var count = 0
    /// Starts in a thousand seconds; nil: not known yet.
    private(set) var perThousandSeconds: Int?

    mutating func started(_ more: Int, at now: Instant) {
        guard let begin = since else {
            since = now
            count = more
            return
        }
        let length = now.milliseconds(since: begin)
        if length >= Self.window {
            perThousandSeconds = Int(Int64(count) * 1_000_000 / max(1, length.rawValue))
            since = now
            count = 0
        }
        count += more
    }
}
