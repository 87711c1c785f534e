import ClusterModel

/// One limit and how much of it is left. Its level is computed from the time that has passed, in integers that never
/// round.
///
/// A rate of R per window of W is kept in sub-units: one of what is limited is W (in nanoseconds) sub-units, and R
/// sub-units arrive in each nanosecond. A concurrency limit's unit is one, and nothing arrives: what is taken comes
/// back when it is released. With 128 bits neither years of time nor the largest amounts of ``QuotaLimits`` overflow.
public struct Bucket: Sendable {
    /// What was taken: needed to settle it.
    public struct Receipt: Hashable, Sendable {
        /// As it was estimated.
        public let amount: Int64
        /// Counts the bucket's takes, from 1.
        let number: UInt64
        /// All that was spent up to and with this take; wraps.
        let spentInAll: Int64
    }

    /// What keeps a cost from being taken.
    public enum Hold: Hashable, Sendable {
        /// The service said to wait (429).
        case parked(until: Instant)
        /// What is left, less the reserve, is not enough.
        case level
        /// Enough is left, but it is the reserve of critical work.
        case reserve
        /// Enough is left, but the record that a restart would resume from does not cover it yet.
        case record
    }

    /// What it was configured to.
    public internal(set) var limit: BucketLimit
    /// Nothing is granted before it; nil, or a time that has passed: not parked.
    public internal(set) var parkedUntil: Instant?
    /// How often the service refused (429): each park counts.
    public internal(set) var refusals: UInt64 = 0
    /// Takes that a shadow bucket let pass and a real one would have held.
    public internal(set) var shadowOverruns: UInt64 = 0
    /// Of a rate: so much stays untouched by everybody, because somebody else takes from the same limit.
    public internal(set) var margin: Int64 = 0
    /// A lower concurrency than the configured one, while the service is overloaded.
    public internal(set) var narrowedTo: Int64?

    /// Sub-units of one.
    var scale: Int128 = 1
    /// Sub-units that arrive in a nanosecond.
    var arrives: Int128 = 0
    /// Sub-units at most.
    var capacity: Int128 = 1
    /// Sub-units that only critical work may take.
    var reserved: Int128 = 0
    /// Sub-units left; negative after a cost above the burst, or one that was estimated too low.
    var level: Int128 = 0
    /// The latest time that the level accounts for.
    var asOf: Instant
    /// A take may not go below what a restart would resume from: see ``QuotaBook``'s durability.
    var recordedFloor = Int128.min
    /// The same for a record that is perhaps on disk and perhaps not.
    var pendingFloor = Int128.min
    /// Held by calls of before a restart, of which nothing else is known.
    var heldFromBefore: Int64 = 0
    /// A cost above the burst is granted when the bucket has been full for so long: what was granted before may still be on its way to
    /// the service, whose bucket is not full then.
    var patience: Milliseconds = 0
    /// Since when it is full, where it is; nil: since it was made.
    var fullSince: Instant?
    /// It limits a part of its service's calls alone: what waits for it keeps the others from nothing.
    var isScoped = false
    var takes: UInt64 = 0
    var spentInAll: Int64 = 0
    var history = HeadroomHistory()
    var meter = SpendMeter()

    /// Debts are not counted further than this, so that no sum overflows: the largest burst has 2^92 sub-units.
    static let deepestDebt = -(Int128(1) << 120)

    /// A full bucket.
    public init(_ limit: BucketLimit, at now: Instant) {
        self.limit = limit
        asOf = now
        applyLimit()
        level = capacity
    }

    /// Sets what follows from the limit alone.
    mutating func applyLimit() {
        switch limit.kind {
        case .rate(let amount, let window, let burst):
            scale = Int128(window.rawValue) * 1_000_000
            arrives = Int128(amount)
            capacity = Int128(burst) * scale
        case .concurrency(let most):
            scale = 1
            arrives = 0
            capacity = Int128(min(most, narrowedTo ?? most))
        }
        reserved = capacity * Int128(limit.reservePerMille) / 1000
    }

    /// Takes a cost if nothing holds it; nil: it must wait. `amount` is 1 to ``QuotaLimits/amount``.
    ///
    /// A cost above what can ever be there (the burst, less the reserve for work that isn't critical) is granted when
    /// the bucket is full and leaves it negative. A shadow bucket grants everything.
    public mutating func take(_ amount: Int64, priority: Priority, at now: Instant) -> Receipt? {
        guard mayTake(amount, priority: priority, at: now) else { return nil }
        return spend(amount)
    }

    /// Whether ``take(_:priority:at:)`` would grant it.
    public mutating func mayTake(_ amount: Int64, priority: Priority, at now: Instant) -> Bool {
        precondition((1...QuotaLimits.amount).contains(amount), "a cost of \(amount) can't be taken from \(limit.name)")
        refill(to: now)
        return limit.isShadow || hold(amount, priority: priority) == nil
    }

    /// Lets arrive what has arrived. A clock that stands or goes backwards changes nothing.
    mutating func refill(to now: Instant) {
        guard now > asOf else { return }
        let elapsed = Int128(now.nanoseconds) - Int128(asOf.nanoseconds)
        let before = asOf
        asOf = now
        guard arrives > 0, level < capacity else { return }
        let missing = capacity - level
        level = min(capacity, level + elapsed * arrives)
        if level == capacity {
            fullSince = Instant(nanoseconds: before.nanoseconds + Int64((missing + arrives - 1) / arrives))
        }
    }

    /// What holds a cost at the time the level is of; shadow or not.
    func hold(_ amount: Int64, priority: Priority) -> Hold? {
        if let parkedUntil, parkedUntil > asOf { return .parked(until: parkedUntil) }
        let cost = Int128(amount) * scale
        let needed = neededLevel(cost, priority)
        if level < needed { return level >= neededLevel(cost, .critical) ? .reserve : .level }
        if cost > capacity, asOf < patientUntil { return .level }
        return level - cost < max(recordedFloor, pendingFloor) ? .record : nil
    }

    /// When a cost above the burst may go, if the bucket is full now and stays so.
    private var patientUntil: Instant { fullSince.map { $0 + patience } ?? asOf }

    /// Something but time may have filled it.
    mutating func noteFull() { if level >= capacity { fullSince = asOf } }

    /// The level at which a cost is granted, in sub-units.
    private func neededLevel(_ cost: Int128, _ priority: Priority) -> Int128 {
        min(capacity, cost + Int128(margin) * scale + (priority == .critical ? 0 : reserved))
    }

    /// Takes what ``mayTake(_:priority:at:)`` just allowed.
    mutating func spend(_ amount: Int64) -> Receipt {
        if limit.isShadow, hold(amount, priority: .critical) != nil { shadowOverruns += 1 }
        takes += 1
        observe(before: takes)
        level = max(Self.deepestDebt, level - Int128(amount) * scale)
        spentInAll &+= amount
        meter.add(amount, at: asOf)
        return Receipt(amount: amount, number: takes, spentInAll: spentInAll)
    }

    /// Notes how near to full the bucket has come, before its level falls.
    mutating func observe(before number: UInt64) {
        guard !limit.isConcurrency else { return }
        history.observe(headroom: capacity - level, before: number)
    }

    /// The earliest time at which a cost can be granted if nothing else is taken; ``Instant/distantFuture`` when that
    /// hangs on something other than time: a release, or a record.
    public func nextTime(_ amount: Int64, priority: Priority) -> Instant {
        if limit.isShadow { return asOf }
        let cost = Int128(amount) * scale
        let floor = max(recordedFloor, pendingFloor)
        let needed = floor == .min ? neededLevel(cost, priority) : max(neededLevel(cost, priority), cost + floor)
        let isPatient = cost > capacity && !limit.isConcurrency
        guard level < needed else { return max(asOf, parkedUntil ?? asOf, isPatient ? patientUntil : asOf) }
        guard arrives > 0, needed <= capacity else { return .distantFuture }
        let wait = (needed - level + arrives - 1) / arrives
        let time = Int128(asOf.nanoseconds) + wait + (isPatient ? Int128(patience.rawValue) * 1_000_000 : 0)
        guard time < Int128(Instant.distantFuture.nanoseconds) else { return .distantFuture }
        return max(Instant(nanoseconds: Int64(time)), parkedUntil ?? asOf)
    }
}
