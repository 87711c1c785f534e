/// Judges what one bucket granted, from the grants alone and in exact integers. It shares nothing with the module.
///
/// It keeps the debt of a leaky bucket: what was spent and has not drained again. Debt never above the burst says, for
/// every window at once, that what was granted in it is at most the burst plus what the rate brings in its length.
struct SpendReferee {
    enum Event {
        case grant(time: Int64, estimate: Int64, spent: Int64, critical: Bool)
        /// What a call cost beyond its estimate; nobody asked for it, so it is not judged, but it counts.
        case extra(time: Int64, amount: Int64)
        case limit(time: Int64, amount: Int64, burst: Int64)
    }

    var amount: Int64
    let windowNanoseconds: Int64
    var burst: Int64
    let reservePerMille: Int64
    private(set) var events: [Event] = []
    private(set) var wasChanged = false
    private let firstAmount: Int64
    private let firstBurst: Int64

    init(amount: Int64, windowMilliseconds: Int64, burst: Int64, reservePerMille: Int64) {
        (self.amount, self.burst) = (amount, burst)
        (firstAmount, firstBurst) = (amount, burst)
        windowNanoseconds = windowMilliseconds * 1_000_000
        self.reservePerMille = reservePerMille
    }

    /// Returns the event's number, for ``spent(_:_:time:)``.
    mutating func granted(_ estimate: Int64, critical: Bool, time: Int64) -> Int {
        events.append(.grant(time: time, estimate: estimate, spent: estimate, critical: critical))
        return events.count - 1
    }

    mutating func spent(_ event: Int, _ actual: Int64, time: Int64) {
        guard case .grant(let granted, let estimate, _, let critical) = events[event] else { return }
        events[event] = .grant(time: granted, estimate: estimate, spent: min(actual, estimate), critical: critical)
        if actual > estimate { events.append(.extra(time: time, amount: actual - estimate)) }
    }

    mutating func limitChanged(amount: Int64, burst: Int64, time: Int64) {
        (self.amount, self.burst) = (amount, burst)
        wasChanged = true
        events.append(.limit(time: time, amount: amount, burst: burst))
    }

    /// All that was granted, at its true cost or its estimate, whichever is less.
    var grantedInAll: Int64 {
        events.reduce(0) { sum, event in
            if case .grant(_, _, let spent, _) = event { sum + spent } else { sum }
        }
    }

    /// The first event that broke the limit, in words; nil: none did.
    func verdict() -> String? {
        var (rate, most) = (Int128(firstAmount), Int128(firstBurst))
        let unit = Int128(windowNanoseconds)
        var debt: Int128 = 0
        var last: Int64?
        func drain(to time: Int64) {
            debt = max(0, debt - rate * (Int128(time) - Int128(last ?? time)))
            last = time
        }
        for (number, event) in events.enumerated() {
            switch event {
            case .extra(let time, let amount):
                drain(to: time)
                debt += Int128(amount) * unit
            case .limit(let time, let amount, let burst):
                drain(to: time)
                // The level stays, within the new burst.
                debt = max(0, Int128(burst) * unit - (most * unit - debt))
                (rate, most) = (Int128(amount), Int128(burst))
            case .grant(let time, let estimate, let spent, let critical):
                drain(to: time)
                // In thousandths, because of the reserve.
                let free = most * (critical ? 1000 : 1000 - Int128(reservePerMille))
                let isOversized = Int128(estimate) * 1000 > free
                let after = debt + Int128(spent) * unit
                if isOversized ? debt > 0 : after * 1000 > free * unit {
                    let grant = "event \(number) at \(time): \(estimate) (\(spent) true) granted"
                    return "\(grant) with a debt of \(debt)/\(unit), burst \(most)"
                }
                debt = after
            }
        }
        return nil
    }

    /// The definition itself, window by window: quadratic, for short runs without a change of limit.
    func verdictByWindows() -> String? {
        var grants: [(time: Int64, spent: Int64)] = []
        for case .grant(let time, _, let spent, _) in events { grants.append((time, spent)) }
        for first in grants.indices {
            var (sum, largest): (Int128, Int64) = (0, burst)
            for last in first..<grants.count {
                sum += Int128(grants[last].spent)
                largest = max(largest, grants[last].spent)
                let arrived = Int128(amount) * (Int128(grants[last].time) - Int128(grants[first].time))
                if sum * Int128(windowNanoseconds) > Int128(largest) * Int128(windowNanoseconds) + arrived {
                    return "grants \(first) to \(last): \(sum) granted in \(grants[last].time - grants[first].time) ns"
                }
            }
        }
        return nil
    }
}
