import ClusterModel

/// Where all calls of a cluster to metered services are asked for, and where what came of them is told.
///
/// It turns a wish for a call into costs for a ``QuotaBook`` (which buckets, how much by what was learned of such calls), and the news of a
/// call into what the book and the next estimates need: settled costs, parks after a 429, lower levels and limits that nobody set, learned
/// from answers' headers, fewer calls at once while a service is overloaded.
///
/// Asking twice for the same call is asking once; news of a call that is not known change nothing. So holders may repeat all they said
/// after a connection was lost.
public struct CallDesk: Sendable {
    /// Calls at once of a service whose concurrency nobody limits: so many that only an overload makes it count.
    static let openConcurrency: Int64 = 100_000
    /// With no overload for so long, a service's calls are not held below its limit any more.
    static let overloadForgotten = Milliseconds.seconds(300)
    /// A margin that no refusal has shown to be needed for so long becomes smaller.
    static let marginKept = Milliseconds.seconds(60)
    /// Between two records of what was spent, while something is.
    static let recordEvery = Milliseconds.seconds(1)
    /// A record of which nothing is heard for so long is not waited for any more.
    static let recordGivenUp = Milliseconds.seconds(10)

    /// Names a call over all holders.
    struct Key: Hashable, Sendable {
        var holder: UInt64
        var number: UInt64
    }

    /// One kind of cost that a call has, and the bucket it comes from.
    struct Draw: Hashable, Sendable {
        var bucket: BucketIndex
        var kind: BucketName.Kind
        /// Of what is neither held nor counted in tokens: so much a call.
        var amount: Int64 = 1
    }

    /// What a bucket is to its users.
    struct Sign: Sendable {
        var name: BucketName
        var origin: QuotaOrigin
        /// As it was written: the one in force has a smaller burst.
        var written: BucketLimit
        /// What the configuration says, to go back to; nil: nothing.
        var configured: BucketLimit?
        /// Taken out of force; its place stays.
        var isGone = false
        /// The limit for a minute that the service last named.
        var told: Int64?
        /// When its margin was last changed: see ``CallDesk/widenMargin(_:at:)``.
        var marginChanged: Instant?
        /// One of the buckets that issues share for a limit on each; its limit is in force elsewhere.
        var isShard = false
        /// When the service last named a learned limit.
        var learnedAt: Instant?
    }

    /// A call that waits or is open.
    struct Call: Sendable {
        var permit: PermitID
        var isOpen: Bool
        /// Granted before a restart: what it took of rates is recorded as spent.
        var isAdopted = false
        var wish: CallWish
        var draws: [Draw]
        var estimatedInput: Int64
        var estimatedOutput: Int64
        var askedAt: Instant
        /// When it was let go; nil: it waits, or was let go before a restart.
        var grantedAt: Instant?
        /// It was told in an earlier session of its holder, who may never have heard of it.
        var mayBeUnheard = false
        /// When its answer began, and what its buckets had spent in all by then.
        var head: (at: Instant, spent: [Int64])?
    }

    /// How one service bears its calls.
    struct Service: Sendable {
        var congestion: Congestion
        var concurrency: BucketIndex
        var open: Int64 = 0
        var overloads: UInt64 = 0
        var lastOverload: Instant?
        /// Refusals in a row that did not say how long to wait.
        var silentRefusals = 0
        /// Until when the last of them parks: others that were under way meanwhile are the same event.
        var silentUntil: Instant?
    }

    var book: QuotaBook
    var signs: [Sign] = []
    var calls: [Key: Call] = [:]
    var keys: [PermitID: Key] = [:]
    var services: [String: Service] = [:]
    var estimator: Estimator
    var scores: [String: EstimateScore] = [:]
    /// Keys of ``scores`` in the order in which they came.
    var scored: [String] = []
    var plans: [PlanKey: [Draw]] = [:]
    /// The buckets of limits on each issue: see ``shard(of:for:at:)``.
    var shards: [ShardKey: BucketIndex] = [:]
    /// Names of learned limits that changed since they were last written down.
    var changedLimits: Set<String> = []
    var lastLessons: Instant?
    /// When time alone would let the attempt start that was last refused a reservation.
    public internal(set) var reservationDue: Instant?
    var notices: [CallNotice] = []
    /// By task, while an attempt of it is open.
    var spends: [UInt64: TaskSpend] = [:]
    var changedSinceRecord = false
    var lastRecord: Instant?
    let seed: UInt64

    /// A desk with these limits, in this order; their buckets are full. Throws a sentence for one that can't be.
    public init(
        limits: [BucketLimit] = [], term: UInt64, isDurable: Bool = false, seed: UInt64 = 1, at now: Instant
    ) throws(BucketLimitError) {
        book = QuotaBook(term: term, isDurable: isDurable, patience: Milliseconds(Self.travelJitter))
        estimator = Estimator(firstInputPercent: 150)
        self.seed = seed
        for limit in limits { try add(limit, origin: .config, configured: limit, at: now) }
        try serve("claude", at: now)
    }

    /// Calls that were granted and have not ended.
    public var openCalls: Int { book.openCount }
    /// Calls that wait.
    public var waitingCalls: Int { book.waitingCount }

    /// Grants what may go by now.
    public mutating func advance(to now: Instant) {
        for id in book.advance(to: now) {
            guard let key = keys[id] else { continue }
            opened(key, at: now)
            tellGranted(key, at: now)
        }
    }

    mutating func tellGranted(_ key: Key, at decided: Instant?) {
        var notice = CallNotice(holder: key.holder, number: key.number, answer: .granted)
        notice.decidedAt = decided
        notices.append(notice)
    }

    /// A grant that is older than this is no longer told: until it was, more has arrived, and the calls of then would come on top of it.
    static let grantStaysGood = Milliseconds(travelJitter / 2)

    /// Of the grants that were not handed out yet, those that were decided too long ago are taken back and decided again.
    public mutating func renewStaleGrants(at now: Instant) {
        guard let first = notices.firstIndex(where: { Self.isStale($0, at: now) }) else { return }
        var kept = Array(notices[..<first])
        var stale: [CallNotice] = []
        for notice in notices[first...] {
            if Self.isStale(notice, at: now) { stale.append(notice) } else { kept.append(notice) }
        }
        notices = kept
        for notice in stale { askAnew(Key(holder: notice.holder, number: notice.number), at: now) }
        // What they gave back may let others go first.
        advance(to: now)
    }

    private static func isStale(_ notice: CallNotice, at now: Instant) -> Bool {
        notice.decidedAt.map { now.milliseconds(since: $0) > grantStaysGood } ?? false
    }

    /// A holder has begun a new session: what it was told before may have been lost with its connection. What it was told since has not, however
    /// long what it asked for earlier is under way.
    public mutating func sessionBegan(of holder: UInt64) {
        let untold = Set(notices.filter { $0.holder == holder }.map(\.number))
        for (key, call) in calls where key.holder == holder && call.isOpen && !untold.contains(key.number) {
            calls[key]?.mayBeUnheard = true
        }
    }

    /// A call that was let go and of which its holder has not heard: it gives back what it took and asks again.
    mutating func askAnew(_ key: Key, at now: Instant) {
        guard let call = calls[key], call.isOpen, !call.isAdopted else { return }
        book.handBack(call.permit, at: now)
        forget(key, call)
        ask(call.wish, holder: key.holder, at: now)
    }

    /// When time alone lets a waiting call go; nil: none waits for time.
    public var nextDeadline: Instant? { book.nextDeadline }

    /// What holders are to be told since the last call, in order.
    public mutating func takeNotices() -> [CallNotice] {
        defer { notices.removeAll(keepingCapacity: true) }
        return notices
    }

    /// Whether anybody is to be told anything.
    public var hasNotices: Bool { !notices.isEmpty }

    // MARK: Durability

    /// What to write now, if it is time: see ``QuotaBook``.
    public mutating func recordIfDue(at now: Instant, wall: WallTime) -> QuotaSnapshot? {
        guard book.isDurable else { return nil }
        let isDue = nextRecord.map { $0 <= now } ?? false
        guard isDue || book.needsRecord else { return nil }
        changedSinceRecord = false
        lastRecord = now
        let snapshot = book.snapshotAhead(at: now, wall: wall)
        // What nobody limits is written as it is: what lies ahead of it would be far more than a limit that a user sets next.
        let records = zip(snapshot.records, signs).map { record, sign in
            guard sign.origin == .open, case .held = record.state, let index = book.index(of: record.name),
                let held = book.view(of: index, at: now)?.used
            else { return record }
            var record = record
            record.state = .held(held)
            return record
        }
        return QuotaSnapshot(number: snapshot.number, records: records)
    }

    /// When ``recordIfDue(at:wall:)`` should be asked again; nil: after the next change. Not while a record is being written: on a slow disk
    /// each would be superseded before it counts, and grants would wait for ever.
    public var nextRecord: Instant? {
        guard book.isDurable else { return nil }
        if let lastRecord, book.isRecording { return lastRecord + Self.recordGivenUp }
        return changedSinceRecord ? lastRecord.map { $0 + Self.recordEvery } ?? .origin : nil
    }

    /// A snapshot is on disk.
    public mutating func recorded(_ number: UInt64, at now: Instant) {
        if book.recorded(number) { advance(to: now) }
    }

    /// Resumes at the last snapshot on disk. Returns the names of records that no bucket has any more.
    @discardableResult
    public mutating func restore(_ records: [QuotaRecord], at now: Instant, wall: WallTime) -> [String] {
        changedSinceRecord = true
        remakeShards(records.map(\.name), at: now)
        // What nobody limits holds nothing from before: with each quick restart more of it would count as held.
        let kept = records.filter { record in
            book.index(of: record.name).map { signs[$0.place].origin != .open || record.parkedUntil != nil } ?? true
        }
        return book.restore(kept, at: now, wall: wall)
    }

    /// Whoever held calls before the restart is back or given up: what still counts as held is not.
    public mutating func beforeEnded(at now: Instant) {
        for place in signs.indices where signs[place].name.kind == .concurrency {
            book.heldFromBeforeEnded(BucketIndex(place))
        }
        advance(to: now)
    }

    /// A holder is gone: its open calls count as made, its waiting ones are dropped.
    public mutating func holderDied(_ holder: UInt64, at now: Instant) {
        if drop(holder, callsGoOn: false, at: now) { advance(to: now) }
    }

    /// False: it had no calls.
    private mutating func drop(_ holder: UInt64, callsGoOn: Bool, at now: Instant) -> Bool {
        let gone = calls.keys.filter { $0.holder == holder }
        guard !gone.isEmpty else { return false }
        changedSinceRecord = true
        for key in gone {
            guard let call = calls.removeValue(forKey: key) else { continue }
            keys[call.permit] = nil
            if call.isOpen { services[call.wish.service]?.open -= 1 }
        }
        notices.removeAll { $0.holder == holder }
        book.holderDied(holder, callsGoOn: callsGoOn, at: now)
        return true
    }

    /// Every holder is another now. Their calls go on: until ``beforeEnded(at:)`` what they hold of concurrency limits is held, unless
    /// they are taken up by their new names.
    public mutating func forgetHolders(at now: Instant) {
        var holders: [UInt64] = []
        for key in calls.keys where !holders.contains(key.holder) { holders.append(key.holder) }
        for holder in holders.sorted() { _ = drop(holder, callsGoOn: true, at: now) }
        // What nobody limits holds nothing from before, as after a restart.
        for place in signs.indices where signs[place].origin == .open {
            book.heldFromBeforeEnded(BucketIndex(place))
        }
    }

    func opensCall(_ key: Key) -> Bool { calls[key]?.isOpen == false }

    mutating func opened(_ key: Key, at now: Instant) {
        guard opensCall(key), let call = calls[key] else { return }
        calls[key]?.isOpen = true
        if !call.isAdopted { calls[key]?.grantedAt = now }
        services[call.wish.service]?.open += 1
        noteGrant(call, at: now)
        changedSinceRecord = true
    }
}

/// Where a limit comes from.
public enum QuotaOrigin: String, Hashable, Sendable {
    /// The configuration, or a flag.
    case config
    /// Set while the coordinator ran.
    case live
    /// The service's own headers.
    case learned
    /// Nobody set it, and it holds nothing until the service is overloaded.
    case open
}
