import ClusterModel

/// What the limits of a service leave for tasks of one class of models.
public struct ServiceRoom: Sendable {
    /// Rates that their calls draw from.
    public var rates: [(place: Int, perThousandSeconds: Int64)] = []
    /// Calls at once; nil: nobody limits them.
    public var concurrency: Int64?
    /// A limit is parked until then, for longer than ``CallDesk/shortPark``; nil: none is.
    public var parkedUntil: Instant?
    /// Which.
    public var parkedName = ""
    /// Whether a call waits for one of them.
    public var hasWaiting = false

    /// Whether anything limits them at all.
    public var isLimited: Bool { !rates.isEmpty || concurrency != nil || parkedUntil != nil }
}

/// What a task's calls have taken so far.
public struct TaskSpend: Hashable, Sendable {
    /// Calls that were granted.
    public var calls: UInt64 = 0
    /// By the bucket's place, in its unit.
    public var costs: [Int64] = []
    /// How long its calls waited for their permits, together.
    public var heldMilliseconds: Int64 = 0

    mutating func add(_ amount: Int64, at place: Int) {
        while costs.count <= place { costs.append(0) }
        costs[place] += amount
    }
}

extension CallDesk {
    /// A park shorter than this is waited for by calls; a longer one keeps tasks from starting.
    public static let shortPark = Milliseconds.seconds(5)

    /// What is left for tasks that call this model.
    public mutating func room(service: String, model: String, at now: Instant) -> ServiceRoom {
        var room = ServiceRoom()
        for draw in draws(for: CallWish(number: 0, service: service, endpoint: "messages", model: model), at: now) {
            guard let limit = book.limit(of: draw.bucket), !limit.isShadow else { continue }
            if let until = book.parkedUntil(draw.bucket, at: now), until > now + Self.shortPark,
                until > room.parkedUntil ?? .origin
            {
                room.parkedUntil = until
                room.parkedName = limit.name
            }
            if book.isAwaited(draw.bucket) { room.hasWaiting = true }
            switch limit.kind {
            case .rate(let amount, let window, _):
                let rate = Int64(clamping: Int128(amount) * 1_000_000 / Int128(window.rawValue))
                room.rates.append((draw.bucket.place, rate))
            case .concurrency:
                let most = min(limit.burst, narrowed(draw.bucket) ?? limit.burst)
                if most < Self.openConcurrency { room.concurrency = min(most, room.concurrency ?? most) }
            }
        }
        return room
    }

    private func narrowed(_ bucket: BucketIndex) -> Int64? {
        guard let service = services[signs[bucket.place].name.service], service.concurrency == bucket,
            service.lastOverload != nil
        else { return nil }
        return service.congestion.allowed
    }

    /// What a task's calls took, which is then forgotten; nil: it made none.
    public mutating func takeSpend(of task: UInt64) -> TaskSpend? { spends.removeValue(forKey: task) }

    /// A task was taken off the list when its attempt ended: what its calls still tell is not kept.
    mutating func noteGrant(_ call: Call, at now: Instant) {
        guard let task = call.wish.task, spends[task] != nil else { return }
        spends[task]?.calls += 1
        spends[task]?.heldMilliseconds += max(0, now.milliseconds(since: call.askedAt).rawValue)
    }

    mutating func noteSpend(_ call: Call, _ costs: [PermitCost]) {
        guard let task = call.wish.task, spends[task] != nil else { return }
        for cost in costs where cost.amount > 0 { spends[task]?.add(cost.amount, at: cost.bucket.place) }
    }
}
