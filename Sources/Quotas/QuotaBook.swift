import ClusterModel

/// All buckets of a cluster, the permits that are open, and the requests that wait.
///
/// A request takes from all its buckets or from none. Those that can't go line up by priority, then arrival. One that
/// waits is not overtaken by a later one of the same or a lower priority that shares a bucket with it, however small:
/// so a large cost is never starved. Requests that share no bucket with anything ahead of them pass freely.
///
/// After anything that may let a waiting request go (time, a settled permit, an unpark, a new limit, a finished record)
/// the caller calls ``advance(to:)``; ``nextDeadline`` says when time alone will.
///
/// # What a restart resumes from
///
/// Permits are granted from memory, and still a crash never lets the cluster spend twice. The contract of a durable
/// book:
///
/// 1. The caller takes ``snapshotAhead(at:wall:)``, writes it, and when it is on disk calls ``recorded(_:)``. Snapshots
///    are written in the order in which they were taken. One whose fate is unknown needs no call: the next one
///    supersedes it.
/// 2. It does so when ``needsRecord`` says so, which is looked at after each turn, and once a second besides. The
///    record lies ahead of what is left by at least a second's spend at the full rate, so in even work once a second is
///    all there is; a burst asks for up to eight more. No grant goes below what is on disk or may be: if a record is
///    late, grants wait for it, they never exceed it.
/// 3. After a restart the caller adds its buckets, then calls ``restore(_:at:wall:)`` with the latest records on disk,
///    then records again. A bucket resumes at its record, without refill for the time down, so at most what lay ahead
///    is lost. The permits of before are unknown and count as spent. Concurrency that they may hold counts as held
///    until ``heldFromBeforeEnded(_:count:)``.
///
/// So at any time what is on disk is at most what is left, as far as grants go. Outside of it is what nobody asked for:
/// the part of a call's true cost above its estimate, and a level that a response lowered. Both ask for a record at
/// once, and a crash before it forgets them.
public struct QuotaBook: Sendable {
    /// Whether grants wait for records; without, a restart forgets everything.
    public let isDurable: Bool
    /// Permits that may be open or wait at once.
    public let mostPermits: Int
    /// Requests that may wait at once.
    public let mostWaiting: Int

    var buckets: [Bucket] = []
    var places: [String: BucketIndex] = [:]
    var permits: PermitTable
    var lanes: [Lane] = []
    /// By bucket and priority: ten numbers for each bucket.
    var waitingByPriority: [Int32] = []
    /// Requests that wait now.
    public internal(set) var waitingCount = 0
    /// By bucket: the sweep in which something that waits has claimed it.
    var claimedIn: [UInt64] = []
    var sweep: UInt64 = 0
    /// Number of the last snapshot.
    var lastSnapshot: UInt64 = 0
    /// Never goes backwards.
    private var clock = Instant(nanoseconds: .min)
    /// What the last snapshot said, in buckets' order; empty once it is recorded.
    var pendingStates: [QuotaRecord.State] = []

    /// How long a bucket must have been full before a cost above its burst goes.
    let patience: Milliseconds

    /// A book without buckets. `term` must differ from those of earlier books whose permits may still be named; `patience` is how much
    /// longer one call may take to the service than another.
    public init(
        term: UInt64, isDurable: Bool = false, mostPermits: Int = QuotaLimits.permits,
        mostWaiting: Int = QuotaLimits.waiting, patience: Milliseconds = 0
    ) {
        self.patience = patience
        self.isDurable = isDurable
        self.mostPermits = mostPermits
        self.mostWaiting = mostWaiting
        permits = PermitTable(term: term)
    }

    /// Adds a bucket: full, and in a durable book closed until a first record. Throws when the name is taken or the
    /// book is full.
    @discardableResult
    public mutating func add(
        _ limit: BucketLimit, isScoped: Bool = false, at now: Instant
    ) throws(BucketLimitError) -> BucketIndex {
        guard places[limit.name] == nil else {
            throw BucketLimitError(limit.name, "there is a bucket of this name already: change its limit instead")
        }
        guard buckets.count < QuotaLimits.buckets else {
            throw BucketLimitError(limit.name, "there are \(buckets.count) buckets, which is the most: leave one out")
        }
        let index = BucketIndex(buckets.count)
        buckets.append(Bucket(limit, at: latest(now)))
        buckets[index.place].patience = patience
        buckets[index.place].isScoped = isScoped
        if isDurable { buckets[index.place].awaitFirstRecord() }
        places[limit.name] = index
        claimedIn.append(0)
        waitingByPriority.append(contentsOf: [Int32](repeating: 0, count: 10))
        return index
    }

    /// Where the bucket of that name is; nil: there is none.
    public func index(of name: String) -> BucketIndex? { places[name] }

    /// Permits that were granted and have not ended.
    public var openCount: Int { permits.count - waitingCount }

    // MARK: small tools that every input uses

    /// The latest time that any input brought: a bucket that was not touched since must not be taken from in the past,
    /// or what arrives until now would come on top of its burst.
    mutating func latest(_ now: Instant) -> Instant {
        clock = max(clock, now)
        return clock
    }

    func isKnown(_ bucket: BucketIndex) -> Bool { buckets.indices.contains(bucket.place) }

    /// Takes all costs of a permit, or none.
    mutating func takeAll(_ slot: Int32, at now: Instant) -> Bool {
        let priority = permits[slot].priority
        for cost in permits[slot].costs
        where !buckets[cost.bucket.place].mayTake(cost.amount, priority: priority, at: now) { return false }
        for place in permits[slot].costs.indices {
            let cost = permits[slot].costs[place]
            permits[slot].costs[place].receipt = buckets[cost.bucket.place].spend(cost.amount)
        }
        permits[slot].state = .open
        return true
    }

    mutating func countWaiting(_ slot: Int32, by difference: Int32) {
        let priority = Int(permits[slot].priority.rawValue)
        for place in claims(of: slot) { waitingByPriority[place * 10 + priority] += difference }
        waitingCount += Int(difference)
    }

    /// The buckets from which nobody behind a waiting request takes: all that it draws from. One that draws from a limit on a part of the
    /// service's calls keeps only that to itself, or a parked issue would hold every call to Jira.
    func claims(of slot: Int32) -> [Int] {
        let places = permits[slot].costs.map(\.bucket.place)
        let scoped = places.filter { buckets[$0].isScoped }
        return scoped.isEmpty ? places : scoped
    }

    mutating func leaveLane(_ slot: Int32) {
        countWaiting(slot, by: -1)
        lanes[Int(permits[slot].lane)].remove(slot, from: &permits)
    }
}
