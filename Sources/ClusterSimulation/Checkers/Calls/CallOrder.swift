/// A call never goes before one that is more urgent, or as urgent and asked for earlier: all of them draw from the service's concurrency.
struct CallOrder: CallChecker {
    static let rule = "urgent calls first"
    var found: [String] = []
    private var book = CallBook()
    private var judged = 0
    private var urgent = 0
    private var granted = 0
    private var waited = 0
    private var again = 0

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted: book.forget()
        case .call(.asked(let key, let call, let priority)): book.asked(key, call, priority, at: now)
        case .call(.adopted(let key, let call)): book.adopted(key, call)
        case .call(.sessionBegan(let agent)): book.sessionBegan(agent)
        case .call(.holderGone(let agent)): _ = book.holderGone(agent)
        case .call(.told(let key, _, let outcome)): if outcome.isEnd { book.ended(key) }
        case .call(.granted(let key)): judge(key, at: now)
        default: break
        }
    }

    private mutating func judge(_ key: CallKey, at now: Micros) {
        let before = book.waiting.prefix { $0.key != key }
        guard let taken = book.granted(key, at: now) else {
            again += 1
            return
        }
        granted += 1
        if taken.since < now { waited += 1 }
        guard let priority = taken.priority else { return }
        if !book.waiting.isEmpty { judged += 1 }
        if before.contains(where: { $0.priority.map { $0 < priority } ?? false }) { urgent += 1 }
        if let first = before.first(where: { $0.priority.map { $0 >= priority } ?? false }) {
            found.append(
                "call \(key) of priority \(priority) was granted at \(now) before \(first.key) of \(first.priority ?? 0), which waits since \(first.since)"
            )
        } else if let first = book.waiting.first(where: { $0.priority.map { $0 > priority } ?? false }) {
            found.append(
                "call \(key) of priority \(priority) was granted at \(now) before \(first.key) of \(first.priority ?? 0)"
            )
        }
    }

    func count(_ census: inout Census) {
        census.count("call.order_judged", judged)
        census.count("call.urgent_first", urgent)
        census.count("call.granted", granted)
        census.count("call.granted_after_wait", waited)
        census.count("call.granted_again", again)
    }
}
