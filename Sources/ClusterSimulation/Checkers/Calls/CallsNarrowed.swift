/// Where a service can't serve its calls, no more than half of them go on at once, and one more for each that succeeds.
struct CallsNarrowed: CallChecker {
    static let rule = "overload"
    /// Failures that come so soon after a cut are the same event.
    static let sameEvent: Micros = .s(2)
    /// An overload so long ago counts no more.
    static let forgotten: Micros = .s(290)
    var found: [String] = []
    private var book = CallBook()
    private var allowed = Int.max
    private var cutAt: Micros?
    private var lastOverload: Micros = 0
    private var cuts = 0

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted:
            book.forget()
            allowed = .max
            cutAt = nil
        case .call(.asked(let key, let call, let priority)): book.asked(key, call, priority, at: now)
        case .call(.adopted(let key, let call)): book.adopted(key, call)
        case .call(.sessionBegan(let agent)): book.sessionBegan(agent)
        case .call(.holderGone(let agent)): _ = book.holderGone(agent)
        case .call(.told(let key, _, let outcome)):
            if book.isOpen(key) { heed(outcome, at: now) }
            if outcome.isEnd { book.ended(key) }
        case .call(.granted(let key)):
            guard book.granted(key, at: now) != nil, cutAt != nil else { return }
            if now - lastOverload > Self.forgotten { return allowed = .max }
            if book.open.count > allowed {
                found.append(
                    "call \(key) makes \(book.open.count) at once at \(now): after an overload \(allowed) may be")
            }
        default: break
        }
    }

    private mutating func heed(_ outcome: CallOutcome, at now: Micros) {
        switch outcome {
        case .overloaded, .cut:
            lastOverload = now
            if let cutAt, now - cutAt < Self.sameEvent { return }
            allowed = max(1, min(allowed, book.open.count) / 2)
            cutAt = now
            cuts += 1
        case .done: if allowed < .max { allowed += 1 }
        default: break
        }
    }

    func count(_ census: inout Census) { census.count("call.narrowed", cuts) }
}
