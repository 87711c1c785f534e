/// Counts calls: what arrived, what became of it, and which prompt it was for. Time comes in from outside.
struct CallLedger: Sendable {
    /// How a call ended.
    enum Outcome: Hashable, Sendable {
        case answered
        case error(status: Int)
        case cut
        case abandoned
    }

    struct Arrival: Sendable {
        /// The prompt, when the call begins a turn.
        var prompt: String?
        var session: String?
    }

    /// The most distinct prompts, and the most sessions, that are remembered; older ones are forgotten.
    static let mostPrompts = 200_000
    static let mostSessions = 100_000
    /// For how many seconds arrivals are remembered one by one.
    static let secondsKept = 3_600

    private var stats = SimStats()
    private var open: [Int: String?] = [:]
    private var nextCall = 0
    private var prompts = BoundedTable<String, PromptRecord>(limit: Self.mostPrompts)
    private var sessions = BoundedTable<String, Bool>(limit: Self.mostSessions)
    private var seconds: [SimStats.Second] = []

    /// Notes a call and gives it a number.
    mutating func arrived(_ arrival: Arrival, now: Int64) -> Int {
        nextCall += 1
        stats.total += 1
        stats.openNow += 1
        stats.peakOpen = max(stats.peakOpen, stats.openNow)
        let milliseconds = Int(now / 1_000_000)
        stats.firstCallMilliseconds = stats.firstCallMilliseconds ?? milliseconds
        stats.lastCallMilliseconds = milliseconds
        count(second: milliseconds / 1_000)
        if let session = arrival.session { sessions.update(session, initial: true) { _ in } }
        if let prompt = arrival.prompt {
            let record = PromptRecord(
                text: String(prompt.prefix(PromptRecord.keptCharacters)), nonces: UserText.nonces(prompt))
            prompts.update(prompt, initial: record) {
                $0.arrived += 1
                $0.open += 1
            }
        }
        open[nextCall] = .some(arrival.prompt)
        return nextCall
    }

    /// Notes how a call ended. The first word counts; later ones, and calls from before a reset, change nothing.
    mutating func ended(_ call: Int, _ outcome: Outcome) {
        guard let known = open.removeValue(forKey: call) else { return }
        stats.openNow -= 1
        switch outcome {
        case .answered: stats.ok += 1
        case .error(status: 429): stats.status429 += 1
        case .error(status: 529): stats.status529 += 1
        case .error(status: 500): stats.status500 += 1
        case .error: stats.otherErrors += 1
        case .cut: stats.cut += 1
        case .abandoned: stats.abandoned += 1
        }
        guard let prompt = known else { return }
        prompts.updateIfPresent(prompt) {
            $0.open -= 1
            if outcome == .answered { $0.answered += 1 }
        }
    }

    /// An empty ledger that goes on with this one's numbers, so that an old call's end is not taken for a new one's.
    func successor() -> CallLedger {
        var ledger = CallLedger()
        ledger.nextCall = nextCall
        return ledger
    }

    mutating func countedTokens() { stats.countTokens += 1 }

    var openNow: Int { stats.openNow }

    var promptRecords: [PromptRecord] { prompts.entries.map(\.value) }

    /// The figures so far; limits and tokens are the gate's to add.
    func snapshot() -> SimStats {
        var stats = stats
        stats.perSecond = seconds
        stats.sessions = sessions.count + sessions.forgotten
        return stats
    }

    private mutating func count(second: Int) {
        if seconds.last?.second == second {
            seconds[seconds.count - 1].calls += 1
        } else {
            seconds.append(SimStats.Second(second: second, calls: 1))
            if let first = seconds.firstIndex(where: { $0.second > second - Self.secondsKept }), first > 0 {
                seconds.removeFirst(first)
            }
        }
    }
}
