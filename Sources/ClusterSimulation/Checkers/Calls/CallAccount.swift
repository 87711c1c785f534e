import ClusterModel
import CoordinatorCore

/// Each permit is settled once: the coordinator holds as many open as were granted or taken up and have not ended, and none at the end.
struct CallAccount: CallChecker {
    static let rule = "permits"
    var found: [String] = []
    private let untilKnown: Micros
    private var book = CallBook()
    private var begun: Micros = 0
    private var judged = 0
    private var lost = 0
    private var restartsWithOpen = 0
    private var restartsWithWaiting = 0
    private var latest = 0

    /// So long after a start calls of before it may count as held: a lease, and two seconds.
    init(_ lease: Milliseconds) { untilKnown = .ms(lease.rawValue) + .s(3) }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted:
            if !book.open.isEmpty { restartsWithOpen += 1 }
            if !book.waiting.isEmpty { restartsWithWaiting += 1 }
            book.forget()
            begun = now
        case .call(.asked(let key, let call, let priority)): book.asked(key, call, priority, at: now)
        case .call(.adopted(let key, let call)): book.adopted(key, call)
        case .call(.sessionBegan(let agent)): book.sessionBegan(agent)
        case .call(.holderGone(let agent)): lost += book.holderGone(agent)
        case .call(.told(let key, _, let outcome)): if outcome.isEnd { book.ended(key) }
        case .call(.granted(let key)): _ = book.granted(key, at: now)
        case .call(.standing(let open, let waiting, let held)):
            judged += 1
            latest = open
            if (open, waiting) != (book.open.count, book.waiting.count) {
                found.append(
                    "at \(now) the coordinator has \(open) permits open and \(waiting) calls waiting, there are \(book.open.count) and \(book.waiting.count)"
                )
            } else if let held, held < open || (held > open && now > begun + untilKnown) {
                found.append("at \(now) \(held) are held of the concurrency by \(open) open calls")
            }
        case .over: if latest > 0 { found.append("\(latest) permits are open at the end") }
        default: break
        }
    }

    func count(_ census: inout Census) {
        census.count("call.account_judged", judged)
        census.count("call.of_lost_agent", lost)
        census.count("call.restart_with_open", restartsWithOpen)
        census.count("call.restart_with_waiting", restartsWithWaiting)
    }
}
