import ClusterModel

/// Places for commands, beside the pool's instances: together they never hold more than the places that there are. Where commands are all
/// that the agent runs, some more may wait here for a place, so that it need not wait for the coordinator after each of them: see ``ExecPace``.
struct ExecSlots: Sendable {
    /// Longer, and the attempt goes back: another agent may have a place for it.
    static let patience: Milliseconds = 500

    let capacity: Int
    /// How many may wait.
    let queueLimit: Int
    private var slots: [AttemptToken: Int] = [:]
    private var isTaken: [Bool]
    private var waiting: [(token: AttemptToken, since: Instant)] = []

    /// - Parameter holdsQueue: Whether attempts may wait for a place.
    init(capacity: Int, holdsQueue: Bool) {
        self.capacity = capacity
        queueLimit = holdsQueue ? capacity * ExecPace.aheadAtMost : 0
        isTaken = Array(repeating: false, count: capacity)
    }

    var count: Int { slots.count }

    /// A number below the capacity that no other running command has; nil when all is full, or the attempt has one already.
    ///
    /// - Parameter others: Attempts that the pool holds.
    mutating func attemptArrived(_ token: AttemptToken, others: Int) -> Int? {
        guard slots[token] == nil, hasRoom(others: others), let free = isTaken.firstIndex(of: false) else { return nil }
        isTaken[free] = true
        slots[token] = free
        return free
    }

    /// Whether one more attempt may be held, of whatever kind.
    func hasRoom(others: Int) -> Bool { slots.count + others < capacity }

    /// Its command has ended, with all that it started.
    mutating func ended(_ token: AttemptToken) {
        if let slot = slots.removeValue(forKey: token) { isTaken[slot] = false }
    }

    // MARK: Waiting for a place

    /// False: no more may wait.
    mutating func wait(_ token: AttemptToken, at now: Instant) -> Bool {
        guard waiting.count < queueLimit else { return false }
        waiting.append((token, now))
        return true
    }

    /// The first one that waits.
    var first: AttemptToken? { waiting.first?.token }

    /// True: it waited, and doesn't any more.
    mutating func stopWaiting(_ token: AttemptToken) -> Bool {
        guard let place = waiting.firstIndex(where: { $0.token == token }) else { return false }
        waiting.remove(at: place)
        return true
    }

    /// Takes out those that have waited too long; all of them when the agent leaves.
    mutating func takeOverdue(at now: Instant, all: Bool = false) -> [AttemptToken] {
        // In the order in which they came, so the oldest are in front.
        let count = all ? waiting.count : waiting.prefix { $0.since + Self.patience <= now }.count
        defer { waiting.removeFirst(count) }
        return waiting[..<count].map(\.token)
    }
}
