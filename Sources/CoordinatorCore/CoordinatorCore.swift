import ClusterModel
import HeapModule

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

    var ready = ReadyQueue()
    var waiting = Heap<WaitingTask>()
    var open: [UInt64: OpenAttempt] = [:]
    /// Attempts of an assignment row that have not ended.
    var openInRow: [UInt64: Int] = [:]
    var unfinishedTasks = 0
    var resultsSetAside: UInt64 = 0
    /// The data directory's disk is nearly full: submits are refused so that results still fit.
    public internal(set) var diskIsLow = false
    var jitter: JitterSource
    var turn = Turn()

    /// An empty coordinator; ``recover(_:at:)`` fills it.
    public init(storeID: StoreID, term: UInt64, configuration: CoreConfiguration = CoreConfiguration(), seed: UInt64) {
        self.storeID = storeID
        self.term = term
        self.configuration = configuration
        self.jitter = JitterSource(seed: seed)
        self.nextSession = term << 32 | 1
    }

    /// Hands out what the inputs since the last call have made.
    public mutating func takeTurn() -> Turn {
        var taken = Turn()
        swap(&taken, &turn)
        return taken
    }

    /// Rows that the current turn would write: the loop stops reading when it is enough for one transaction.
    public var pendingWeight: Int { turn.weight }

    /// Whether anything waits to be taken.
    public var hasPendingTurn: Bool { !turn.isEmpty }

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

    /// Moves a task to another state; every count follows from here.
    mutating func move(_ job: Int, _ index: Int, to next: TaskState) {
        let state = jobs[job].tasks[index].state
        precondition(
            state.mayBecome(next), "task \(jobs[job].id).\(index) cannot go from \(state.name) to \(next.name)")
        jobs[job].counts[state] -= 1
        jobs[job].counts[next] += 1
        jobs[job].tasks[index].state = next
        if next.isEnd { unfinishedTasks -= 1 }
    }

    mutating func enqueue(_ job: Int, _ index: Int) {
        if ready.count >= 2 * unfinishedTasks + Self.staleItemsAtMost { sweepReady() }
        let entry = jobs[job].tasks[index]
        ready.insert(
            ReadyQueue.Item(
                priority: jobs[job].options[Int(entry.options)].priority, sequence: entry.sequence,
                task: TaskID(job: jobs[job].id, index: UInt32(index))))
    }

    /// Entries of the ready queue whose task has left it, before they are swept out.
    static let staleItemsAtMost = 10_000

    /// Takes out what cancels and late results left behind, so that the queue never grows beyond twice what waits.
    private mutating func sweepReady() {
        var kept: [ReadyQueue.Item] = []
        var seen: Set<UInt64> = []
        while let item = ready.popFirst() {
            let task = TaskID(packed: item.task)
            guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count,
                jobs[job].tasks[Int(task.index)].state == .queued, seen.insert(item.task).inserted
            else { continue }
            kept.append(item)
        }
        ready.insert(contentsOf: kept)
    }

    /// Ends a job whose every task has its end.
    mutating func finishIfDone(_ job: Int, at now: Moment) {
        let entry = jobs[job]
        guard entry.sealed, entry.finishedAt == nil, entry.counts.ended == entry.counts.tasks else { return }
        jobs[job].finishedAt = now.wall
        jobs[job].tasks = []
        jobs[job].options = []
        record(.jobFinished(jobs[job].summary))
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
