import CoordinatorCore

/// After a refusal nothing goes where the service said to wait, whoever asks, for as long as it said.
///
/// A park outlives the coordinator from the moment at which it is recorded. Its end is kept by the calendar then: where that has jumped,
/// nothing is said of parks of before.
struct CallParks: CallChecker {
    static let rule = "parks"
    var found: [String] = []
    private struct Park {
        var from: Micros
        var until: Micros
        /// Nil: of the whole service.
        var kind: WorldLimit.Kind?
        var refused: WorldCall
        var isRecorded = false
        /// The calendar jumped since.
        var hasJumped = false
    }

    private let calls: CallScenario
    private var book = CallBook()
    private var parks: [Park] = []
    private var parked = 0
    private var kept = 0

    init(_ calls: CallScenario) { self.calls = calls }

    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {
        guard case .quotas = record else { return }
        for place in parks.indices where parks[place].from <= step.at { parks[place].isRecorded = true }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted:
            book.forget()
            parks.removeAll { !$0.isRecorded || $0.hasJumped || $0.until <= now }
            kept += parks.count
            // The record has whole milliseconds.
            for place in parks.indices { parks[place].until -= .ms(2) }
        case .call(.asked(let key, let call, let priority)): book.asked(key, call, priority, at: now)
        case .call(.adopted(let key, let call)): book.adopted(key, call)
        case .call(.sessionBegan(let agent)): book.sessionBegan(agent)
        case .call(.holderGone(let agent)): _ = book.holderGone(agent)
        case .call(.calendarJumped): for place in parks.indices { parks[place].hasJumped = true }
        case .call(.granted(let key)): granted(key, at: now)
        case .call(.told(let key, let call, let outcome)):
            if case .refused(let after, let named) = outcome, book.isOpen(key) {
                parks.append(Park(from: now, until: now + after, kind: named, refused: call))
                parked += 1
            }
            if outcome.isEnd { book.ended(key) }
        default: break
        }
    }

    private mutating func granted(_ key: CallKey, at now: Micros) {
        guard let waiting = book.granted(key, at: now) else { return }
        parks.removeAll { $0.until <= now }
        for park in parks where covers(park, waiting.call) {
            found.append("call \(key) was granted at \(now): the service said to wait until \(park.until)")
        }
    }

    /// Whether a call draws from a limit that refused the other, and was named.
    private func covers(_ park: Park, _ call: WorldCall) -> Bool {
        guard let kind = park.kind else { return true }
        return calls.limits.contains { $0.kind == kind && $0.limits(park.refused) && $0.limits(call) }
    }

    func count(_ census: inout Census) {
        census.count("call.park", parked)
        census.count("call.park_kept_over_restart", kept)
    }
}
