/// No limit is exceeded: not by what is granted, and not by what reaches the service.
///
/// What is granted is held against each limit at its time. What reaches the service is, too, as far as it comes within ``onTime`` of its
/// grant, which is what the coordinator keeps a part of the burst for; what the network holds up for longer is counted, and judged by its
/// grant alone. Of concurrency limits every call counts from its arrival to its end, but those of an agent that was given up.
struct CallLimits: CallChecker {
    static let rule = "calls within limits"
    static let onTime: Micros = .ms(100)
    /// Of a thousand takes of learned costs: so many may find too little left, beside the first ones, which are guesses.
    static let overPermille = 50
    static let guesses = 10
    var found: [String] = []
    private let calls: CallScenario
    private var book = CallBook()
    private var granted: [ServiceBucket]
    private var arrived: [ServiceBucket]
    private var held: [Int64]
    private var grantedAt: [CallKey: Micros] = [:]
    /// Calls at the service that count.
    private var atService: Set<CallKey> = []
    /// Calls that were held against the limits at the service.
    private var judged: Set<CallKey> = []
    /// Agents that were given up and have not spoken of calls since.
    private var gone: Set<Int> = []
    private var judgedGrants = 0
    private var judgedSends = 0
    private var judgedHolds = 0
    private var late = 0
    private var learned = 0
    private var over = 0

    init(_ calls: CallScenario) {
        self.calls = calls
        granted = calls.limits.map {
            ServiceBucket(amount: $0.amount, windowMicros: $0.windowMilliseconds * 1000, burst: $0.burst)
        }
        arrived = granted
        held = calls.limits.map { _ in 0 }
    }

    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {
        switch observation {
        case .coordinatorStarted: book.forget()
        case .call(let sight): saw(sight, at: now)
        case .over where over * 1000 > learned * Self.overPermille + Self.guesses * 1000:
            found.append("\(over) of \(learned) takes of learned costs found too little left")
        default: break
        }
    }

    private mutating func saw(_ sight: CallSight, at now: Micros) {
        switch sight {
        case .asked(let key, let call, let priority):
            gone.remove(key.agent)
            if book.asked(key, call, priority, at: now) { giveBack(key, call, .withdrawn) }
        case .adopted(let key, let call):
            gone.remove(key.agent)
            book.adopted(key, call)
        case .sessionBegan(let agent): book.sessionBegan(agent)
        case .granted(let key):
            guard let waiting = book.granted(key, at: now) else { return }
            grantedAt[key] = now
            take(waiting.call, key, at: now)
        case .told(let key, let call, let outcome):
            if book.isOpen(key) { giveBack(key, call, outcome) }
            if outcome.isEnd { book.ended(key) }
        case .holderGone(let agent):
            _ = book.holderGone(agent)
            gone.insert(agent)
            for key in atService where key.agent == agent {
                for place in calls.limits.indices where calls.limits[place].kind == .concurrency { held[place] -= 1 }
            }
            atService = atService.filter { $0.agent != agent }
        case .arrives(let key, let call): arrives(key, call, at: now)
        case .leaves(let key, let call):
            guard atService.remove(key) != nil else { return }
            for place in calls.limits.indices
            where calls.limits[place].kind == .concurrency && calls.limits[place].limits(call) { held[place] -= 1 }
        case .standing, .calendarJumped: break
        }
    }

    private func rates(of call: WorldCall) -> [Int] {
        calls.limits.indices.filter { calls.limits[$0].kind != .concurrency && calls.limits[$0].limits(call) }
    }

    private mutating func take(_ call: WorldCall, _ key: CallKey, at now: Micros) {
        for place in rates(of: call) {
            let limit = calls.limits[place]
            granted[place].flow(to: now)
            let fits = granted[place].admits(call.cost(limit.kind))
            granted[place].charge(call.cost(limit.kind))
            if calls.isExact || limit.kind == .requests {
                judgedGrants += 1
                if !fits { found.append("call \(key) was granted beyond \(limit.name) at \(now)") }
            } else {
                learned += 1
                if !fits { over += 1 }
            }
        }
    }

    /// What a call did not take after all is there again.
    private mutating func giveBack(_ key: CallKey, _ call: WorldCall, _ outcome: CallOutcome) {
        let hasArrived = outcome.isEnd && judged.remove(key) != nil
        for place in rates(of: call) {
            let kind = calls.limits[place].kind
            switch outcome {
            case .withdrawn: granted[place].charge(-call.cost(kind))
            case .refused where kind != .requests, .overloaded where kind == .output:
                granted[place].charge(-call.cost(kind))
                if hasArrived, calls.isExact { arrived[place].charge(-call.cost(kind)) }
            default: break
            }
        }
    }

    private mutating func arrives(_ key: CallKey, _ call: WorldCall, at now: Micros) {
        if !gone.contains(key.agent) { atService.insert(key) }
        for place in calls.limits.indices
        where !gone.contains(key.agent) && calls.limits[place].kind == .concurrency && calls.limits[place].limits(call)
        {
            held[place] += 1
            judgedHolds += 1
            if held[place] > calls.limits[place].amount {
                found.append("call \(key) makes \(held[place]) at once at \(now), \(calls.limits[place].amount) may be")
            }
        }
        guard let at = grantedAt[key], now - at <= Self.onTime else {
            late += 1
            return
        }
        judged.insert(key)
        for place in rates(of: call) where calls.isExact || calls.limits[place].kind == .requests {
            let limit = calls.limits[place]
            arrived[place].flow(to: now)
            judgedSends += 1
            if !arrived[place].admits(call.cost(limit.kind)) {
                found.append("call \(key) reached the service beyond \(limit.name) at \(now)")
            }
            arrived[place].charge(call.cost(limit.kind))
        }
    }

    func count(_ census: inout Census) {
        census.count("call.grant_judged", judgedGrants)
        census.count("call.send_judged", judgedSends)
        census.count("call.hold_judged", judgedHolds)
        census.count("call.sent_late", late)
        if learned > 0 {
            census.count("call.learned_takes", learned)
            census.count("call.learned_over", over)
        }
    }
}
