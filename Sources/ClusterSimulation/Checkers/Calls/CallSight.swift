/// What can be seen of calls: at the coordinator's door, and at the service's.
enum CallSight {
    case asked(CallKey, WorldCall, Int?)
    /// Told of as one that was granted and goes on.
    case adopted(CallKey, WorldCall)
    /// An answer; a repeated one tells of the same permit.
    case granted(CallKey)
    case told(CallKey, WorldCall, CallOutcome)
    /// The coordinator gave an agent up, or it came back as another program: its calls count as made.
    case holderGone(Int)
    /// An agent was let in anew: what it was told before may have been lost.
    case sessionBegan(Int)
    case calendarJumped
    case arrives(CallKey, WorldCall)
    case leaves(CallKey, WorldCall)
    /// What the coordinator says itself: calls that are open, calls that wait, and what is held of the service's concurrency where that is
    /// limited.
    case standing(open: Int, waiting: Int, held: Int?)
}

/// A checker that looks at calls.
protocol CallChecker: Checker {
    func count(_ census: inout Census)
}

/// Which calls wait and which are open, by what one life of the coordinator was told and has answered.
struct CallBook {
    struct Waiting {
        var key: CallKey
        var call: WorldCall
        var priority: Int?
        var since: Micros
    }

    /// In the order in which they were asked for.
    private(set) var waiting: [Waiting] = []
    private(set) var open: [CallKey: WorldCall] = [:]
    /// Without those that were taken up.
    private var grantedAt: [CallKey: Micros] = [:]
    /// Of those: they were told before the latest session of their agent.
    private var mayBeUnheard: Set<CallKey> = []
    /// A grant of an earlier session that is asked for again after more whole milliseconds than these is taken back, and the call lines up anew.
    private static let grantStaysGood: Micros = 50

    mutating func forget() { self = CallBook() }

    /// True: its grant was lost, and is taken back.
    @discardableResult
    mutating func asked(_ key: CallKey, _ call: WorldCall, _ priority: Int?, at now: Micros) -> Bool {
        let isOpen = open[key] != nil
        if isOpen {
            guard mayBeUnheard.contains(key), let granted = grantedAt[key],
                (now - granted) / 1000 > Self.grantStaysGood
            else { return false }
            forget(key)
        }
        guard !waiting.contains(where: { $0.key == key }) else { return false }
        waiting.append(Waiting(key: key, call: call, priority: priority, since: now))
        return isOpen
    }

    private mutating func forget(_ key: CallKey) {
        open[key] = nil
        grantedAt[key] = nil
        mayBeUnheard.remove(key)
    }

    mutating func sessionBegan(_ agent: Int) {
        for key in open.keys where key.agent == agent { mayBeUnheard.insert(key) }
    }

    /// Nil: it was granted before.
    mutating func granted(_ key: CallKey, at now: Micros) -> Waiting? {
        guard let place = waiting.firstIndex(where: { $0.key == key }) else { return nil }
        let found = waiting.remove(at: place)
        open[key] = found.call
        grantedAt[key] = now
        return found
    }

    mutating func adopted(_ key: CallKey, _ call: WorldCall) {
        waiting.removeAll { $0.key == key }
        open[key] = call
        grantedAt[key] = nil
        mayBeUnheard.remove(key)
    }

    /// True: it was known.
    @discardableResult
    mutating func ended(_ key: CallKey) -> Bool {
        let wasWaiting = waiting.contains { $0.key == key }
        waiting.removeAll { $0.key == key }
        let wasOpen = open[key] != nil
        forget(key)
        return wasOpen || wasWaiting
    }

    mutating func holderGone(_ agent: Int) -> Int {
        waiting.removeAll { $0.key.agent == agent }
        let gone = open.keys.filter { $0.agent == agent }
        for key in gone { forget(key) }
        return gone.count
    }

    func isOpen(_ key: CallKey) -> Bool { open[key] != nil }
}

extension CallOutcome {
    var isEnd: Bool { if case .goesOn = self { false } else { true } }
}
