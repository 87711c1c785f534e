import ClusterModel

/// Places for commands, beside the pool's instances: together they never hold more than the capacity that was told.
struct ExecSlots: Sendable {
    let capacity: Int
    private var slots: [AttemptToken: Int] = [:]
    private var isTaken: [Bool]

    init(capacity: Int) {
        self.capacity = capacity
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
}
