/// One limit as the service enforces it: a continuous token bucket, written from the services' documentation and sharing no code with the
/// product. In whole numbers: a unit is as many parts as its window has microseconds, so that `amount` parts arrive in each.
struct ServiceBucket: Sendable {
    let amount: Int128
    let unit: Int128
    let most: Int128
    private(set) var left: Int128
    private var at: Micros = 0

    /// Full.
    init(amount: Int64, windowMicros: Int64, burst: Int64) {
        self.amount = Int128(amount)
        unit = Int128(windowMicros)
        most = Int128(burst) * unit
        left = most
    }

    mutating func flow(to now: Micros) {
        left = min(most, left + Int128(now - at) * amount)
        at = now
    }

    /// Whether a call of that cost passes. One that is larger than the burst passes when the bucket is full.
    func admits(_ cost: Int64) -> Bool { left >= min(Int128(cost) * unit, most) }

    /// May go below nothing: what a model writes is charged after the call was let in.
    mutating func charge(_ cost: Int64) { left -= Int128(cost) * unit }
}

/// A limit of the world: what the desk is told, and what the service enforces.
struct WorldLimit: Sendable {
    enum Kind: String, Sendable {
        case requests, input = "input_tokens", output = "output_tokens", concurrency
    }
    var kind: Kind
    /// Nil: of all models together.
    var modelClass: String?
    /// In each window; for concurrency: at the same time.
    var amount: Int64
    var windowMilliseconds: Int64 = 1000
    var burst: Int64
    var reservePerMille: Int64 = 0

    var name: String { "claude.\(kind.rawValue)" + (modelClass.map { ".\($0)" } ?? "") }
    func limits(_ call: WorldCall) -> Bool { modelClass.map { $0 == call.modelClass } ?? true }
}

/// A call with what it will really cost.
struct WorldCall: Sendable {
    var number: UInt64
    var modelClass: String
    var input: Int64
    var output: Int64
    var bodyBytes: Int64
    var mostOutput: Int64
    var priority: Int
    var lasts: Micros

    func cost(_ kind: WorldLimit.Kind) -> Int64 {
        switch kind {
        case .requests, .concurrency: 1
        case .input: input
        case .output: output
        }
    }
}

/// The service: the referee of the quotas. It lets in what all its limits hold, and refuses the rest.
struct LimitedService: Sendable {
    let limits: [WorldLimit]
    /// Output is charged while it is written; else with the call, all at once.
    let chargesLate: Bool
    private var buckets: [ServiceBucket]
    private var held: [Int64]

    init(_ limits: [WorldLimit], chargesLate: Bool) {
        self.limits = limits
        self.chargesLate = chargesLate
        buckets = limits.map {
            ServiceBucket(amount: $0.amount, windowMicros: $0.windowMilliseconds * 1000, burst: $0.burst)
        }
        held = limits.map { _ in 0 }
    }

    /// A call arrives. Nil: it is let in; else the limit that refuses it.
    mutating func arrives(_ call: WorldCall, at now: Micros) -> Int? {
        for place in limits.indices where limits[place].limits(call) {
            if limits[place].kind == .concurrency {
                if held[place] >= limits[place].amount { return place }
                continue
            }
            buckets[place].flow(to: now)
            let isLate = chargesLate && limits[place].kind == .output
            if !buckets[place].admits(isLate ? 1 : call.cost(limits[place].kind)) { return place }
        }
        for place in limits.indices where limits[place].limits(call) {
            if limits[place].kind == .concurrency {
                held[place] += 1
            } else if !(chargesLate && limits[place].kind == .output) {
                buckets[place].charge(call.cost(limits[place].kind))
            }
        }
        return nil
    }

    /// A call writes so much.
    mutating func writes(_ tokens: Int64, _ call: WorldCall, at now: Micros) {
        for place in limits.indices where limits[place].kind == .output && limits[place].limits(call) {
            buckets[place].flow(to: now)
            buckets[place].charge(tokens)
        }
    }

    mutating func ends(_ call: WorldCall) {
        for place in limits.indices where limits[place].kind == .concurrency && limits[place].limits(call) {
            held[place] -= 1
        }
    }

    func held(_ place: Int) -> Int64 { held[place] }
    /// What is left of a limit, in whole units, rounded down, as its headers say it.
    mutating func remaining(_ place: Int, at now: Micros) -> Int64 {
        buckets[place].flow(to: now)
        return max(0, Int64(buckets[place].left / buckets[place].unit))
    }
}
