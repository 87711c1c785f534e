/// How much of the binding limit was used, in times when enough calls waited and the coordinator was up.
///
/// Left out: down times, the seconds after a restart (a bucket resumes at its record and nothing arrives for the time down: documented), and
/// those after a holder died, after a refusal and while the disk is slow.
struct UseMeter: Sendable {
    private let limit: WorldLimit
    private let perMicro: Double
    private let mostAtOnce: Double
    private var coldUntil: Micros = 0
    private var pausedUntil: Micros = 0
    private var last: Micros?
    private var wasWaiting = false
    private(set) var used = 0.0
    private(set) var usable = 0.0
    private var heldSince: Micros = 0

    init(_ limit: WorldLimit) {
        self.limit = limit
        perMicro = Double(limit.amount) / Double(limit.windowMilliseconds * 1000)
        mostAtOnce = Double(limit.burst)
    }

    private var isRate: Bool { limit.kind != .concurrency }

    mutating func cool(until time: Micros) { coldUntil = max(coldUntil, time) }
    mutating func pause(until time: Micros) { pausedUntil = max(pausedUntil, time) }

    mutating func stop() { last = nil }

    /// The desk has granted what it may: from now on to the next turn this much may arrive.
    mutating func step(to now: Micros, isWaiting: Bool) {
        defer {
            wasWaiting = isWaiting
            last = now
        }
        guard isRate, let last, last >= coldUntil, wasWaiting else { return }
        usable += min(mostAtOnce, perMicro * Double(now - last))
    }

    /// A call was let go, or (-1) was not made after all.
    mutating func use(_ call: WorldCall, _ sign: Double) {
        guard isRate, limit.limits(call), let last, last >= coldUntil else { return }
        used += sign * Double(call.cost(limit.kind))
    }

    /// So many were held by the service until now.
    mutating func hold(_ held: Int64, until now: Micros) {
        defer { heldSince = now }
        guard !isRate, last != nil, wasWaiting, heldSince >= coldUntil, heldSince >= pausedUntil else { return }
        used += Double(held) * Double(now - heldSince)
        usable += Double(limit.amount) * Double(now - heldSince)
    }

    /// Counts in the binding limit's calls' worth; a world that was hardly ever saturated says nothing.
    func finish(_ report: inout QuotaReport, meanCost: Double, seed: UInt64) {
        report.used = used / meanCost
        report.usable = usable / meanCost
        guard usable > 0 else { return }
        report.leastPermille = Int(used * 1000 / usable)
        report.leastSeed = seed
    }
}
