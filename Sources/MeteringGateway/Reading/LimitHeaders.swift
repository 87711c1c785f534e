import ClusterModel

/// What an answer's headers say of the service's limits and of when to come again.
struct LimitHeaders {
    /// Further off than this, a moment is taken for this: a month, the longest window that any of the services has.
    static let longestWait: Milliseconds = .seconds(31 * 24 * 3600)
    /// Tokens are shown rounded to this.
    static let tokenRounding: UInt64 = 1000
    /// Numbers from here on are seconds since 1970, smaller ones seconds from now.
    private static let leastEpoch: Int64 = 100_000_000

    private let value: (String) -> String?
    /// When the answer was made, by the service's clock if it told it: its resets are by that clock.
    private let now: WallTime

    /// - Parameters:
    ///   - now: by this machine's clock.
    ///   - value: the value of a header, whose name is given in lower case.
    init(now: WallTime, value: @escaping (String) -> String?) {
        self.value = value
        self.now = value("date").flatMap(CalendarTime.httpDate) ?? now
    }

    /// `retry-after` alone.
    var retryAfter: Milliseconds? { value("retry-after").flatMap { wait($0, maySayEpoch: false) } }

    /// `retry-after`, or for services other than Claude the reset of a limit that is used up.
    func retryAfter(service: String) -> Milliseconds? {
        if let retryAfter { return retryAfter }
        if service == MeteredService.claude { return planReset }
        guard value("x-ratelimit-remaining").flatMap(Self.count) == 0 else {
            return nil
        }
        return value("x-ratelimit-reset").flatMap { wait($0, maySayEpoch: true) }
    }

    /// When a plan's window that is used up begins anew: a login with a plan has these headers instead of limits a minute.
    private var planReset: Milliseconds? {
        guard value("anthropic-ratelimit-unified-status") == "rejected" else { return nil }
        return value("anthropic-ratelimit-unified-reset").flatMap { wait($0, maySayEpoch: true) }
    }

    /// A word for each limit that the answer names.
    func words(service: String) -> [ServiceWord] {
        service == MeteredService.claude ? claudeWords : otherWords
    }

    private var claudeWords: [ServiceWord] {
        let limits: [(header: String, name: String, rounding: UInt64)] = [
            ("requests", "requests", 1), ("input-tokens", "input_tokens", Self.tokenRounding),
            ("output-tokens", "output_tokens", Self.tokenRounding), ("tokens", "tokens", Self.tokenRounding),
        ]
        return limits.compactMap { limit in
            word(prefix: "anthropic-ratelimit-\(limit.header)", limit: limit.name, roundedTo: limit.rounding)
        }
    }

    private var otherWords: [ServiceWord] {
        // Jira names the limit that was hit: `jira-per-issue-on-write` holds one issue, and no other call.
        if value("ratelimit-reason")?.contains("per-issue") == true {
            return [ServiceWord(limit: "issue_writes", remaining: 0, fullIn: retryAfter)]
        }
        let resource = value("x-ratelimit-resource") ?? ""
        let isName =
            (1...64).contains(resource.utf8.count)
            && resource.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        return [word(prefix: "x-ratelimit", limit: isName ? resource : "requests", roundedTo: 1)].compactMap { $0 }
    }

    private func word(prefix: String, limit: String, roundedTo: UInt64) -> ServiceWord? {
        let word = ServiceWord(
            limit: limit, amount: value("\(prefix)-limit").flatMap(Self.count),
            remaining: value("\(prefix)-remaining").flatMap(Self.count), roundedTo: roundedTo,
            fullIn: value("\(prefix)-reset").flatMap { wait($0, maySayEpoch: true) })
        return word.amount == nil && word.remaining == nil && word.fullIn == nil ? nil : word
    }

    private static func count(_ text: String) -> UInt64? {
        let text = text.filter { $0 != " " }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(text)
    }

    /// From now until what `text` says: seconds, seconds since 1970 where they may be said so, an HTTP date or one of
    /// RFC 3339. Within 0 and ``longestWait``.
    private func wait(_ text: String, maySayEpoch: Bool) -> Milliseconds? {
        if let moment = CalendarTime.httpDate(text) ?? CalendarTime.rfc3339(text) { return clamped(moment) }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let seconds = Double(text)
        else { return nil }
        guard seconds < Double(Int64.max / 2000) else { return Self.longestWait }
        guard !maySayEpoch || seconds < Double(Self.leastEpoch) else {
            return clamped(WallTime(milliseconds: Int64(seconds * 1000)))
        }
        return min(Self.longestWait, Milliseconds(Int64(seconds * 1000)))
    }

    private func clamped(_ moment: WallTime) -> Milliseconds {
        Milliseconds(min(Self.longestWait.rawValue, max(0, moment.milliseconds - now.milliseconds)))
    }
}

/// The names of services that are treated in a way of their own.
enum MeteredService {
    static let claude = "claude"
}
