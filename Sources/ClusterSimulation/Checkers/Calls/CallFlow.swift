import ClusterModel
import CoordinatorCore

/// Never idle: calls do not wait while nothing is open and every bucket has had the time to fill.
///
/// What is open may hold a concurrency limit, and what was estimated too low leaves a debt, which flows back while nothing is granted.
struct CallFlow: CallChecker {
    static let rule = "flow"
    var found: [String] = []
    private let patience: Micros
    private let afterStart: Micros
    private var book = CallBook()
    /// Nothing is expected before: the start, the last grant or end, the end of a park.
    private var since: Micros = 0
    private var parkedUntil: Micros = 0
    private var judged = 0

    init(_ calls: CallScenario, _ lease: Milliseconds) {
        // Costs that are learned may lie a few times below the true ones. A record on a slow disk is given up after ten seconds.
        patience = calls.longestFilling * (calls.isExact ? 1 : 4) + .s(15)
        afterStart = .ms(lease.rawValue) + .s(3)
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted:
            book.forget()
            since = now + afterStart
        case .call(.asked(let key, let call, let priority)):
            if book.waiting.isEmpty { since = max(since, now) }
            book.asked(key, call, priority, at: now)
        case .call(.adopted(let key, let call)): book.adopted(key, call)
        case .call(.sessionBegan(let agent)): book.sessionBegan(agent)
        case .call(.holderGone(let agent)):
            if book.holderGone(agent) > 0 { since = max(since, now) }
        case .call(.told(let key, _, let outcome)):
            since = max(since, now)
            // What a refusal parks lasts a quarter of a second longer than the service asks.
            if case .refused(let after, _) = outcome { parkedUntil = max(parkedUntil, now + after + .ms(250)) }
            if outcome.isEnd { book.ended(key) }
        case .call(.granted(let key)):
            if book.granted(key, at: now) != nil { since = max(since, now) }
        case .call(.standing):
            guard let first = book.waiting.first, book.open.isEmpty else { return }
            judged += 1
            let begin = max(since, parkedUntil)
            if now > begin + patience {
                found.append(
                    "\(book.waiting.count) calls wait at \(now), the first since \(first.since), and nothing was granted since \(begin)"
                )
            }
        default: break
        }
    }

    func count(_ census: inout Census) { census.count("call.flow_judged", judged) }
}
