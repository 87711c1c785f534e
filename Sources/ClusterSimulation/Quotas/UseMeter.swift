/// How much of the binding limit was used, in times when calls waited for it and the coordinator was up.
///
/// Left out: down times, the seconds after a restart (a bucket resumes at its record and nothing arrives for the time down: documented),
/// standstills, and the seconds after a holder died, after a refusal and while the disk is slow.
struct UseMeter: Sendable {
    private let limit: WorldLimit
    private let perMicro: Double
    private var coldUntil: Micros = 0
    private var pausedUntil: Micros = 0
    /// The last turn that granted all it could, and whether calls waited all the same.
    private var last: Micros?
    private var wasWaiting = false
    private var heldSince: Micros = 0
    /// What was let go since.
    private var sinceLast = 0.0
    private var used = 0.0
    private var usable = 0.0

    init(_ limit: WorldLimit) {
        self.limit = limit
        perMicro = Double(limit.amount) / Double(limit.windowMilliseconds * 1000)
    }

    private var isRate: Bool { limit.kind != .concurrency }

    mutating func cool(until time: Micros) { coldUntil = max(coldUntil, time) }
    mutating func pause(until time: Micros) { pausedUntil = max(pausedUntil, time) }
    mutating func stop() { last = nil }

    /// A call was let go, or (-1) was not made after all.
    mutating func use(_ call: WorldCall, _ sign: Double) {
        if isRate, limit.limits(call) { sinceLast += sign * Double(call.cost(limit.kind)) }
    }

    /// The coordinator has let go what it may. Calls waited before and after: what arrived meanwhile should have been used.
    mutating func step(to now: Micros, isWaiting: Bool) {
        defer {
            wasWaiting = isWaiting
            last = now
            sinceLast = 0
        }
        guard isRate, let last, last >= coldUntil, last >= pausedUntil, now >= pausedUntil, wasWaiting, isWaiting else {
            return
        }
        used += sinceLast
        usable += perMicro * Double(now - last)
    }

    /// So many were held by the service until now.
    mutating func hold(_ held: Int64, until now: Micros) {
        defer { heldSince = now }
        guard !isRate, last != nil, wasWaiting, heldSince >= coldUntil, heldSince >= pausedUntil else { return }
        used += Double(held) * Double(now - heldSince)
        usable += Double(limit.amount) * Double(now - heldSince)
    }

    /// Counts in usual calls' worth. A world of which little can be said says nothing of the least.
    func finish(_ report: inout QuotaReport, meanCost: Double, seed: UInt64) {
        report.used = used / meanCost
        report.usable = usable / meanCost
        guard report.usable >= 200 else { return }
        report.leastPermille = Int(used * 1000 / usable)
        report.leastSeed = seed
    }
}
