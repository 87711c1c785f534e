import ClusterModel

/// What one bucket allows: a limit of a service, as somebody configured it.
public struct BucketLimit: Hashable, Sendable {
    /// What is limited.
    public enum Kind: Hashable, Sendable {
        /// At most `burst` at once, refilled by `amount` in each `window`, continuously.
        case rate(amount: Int64, window: Milliseconds, burst: Int64)
        /// At most that many held at the same time.
        case concurrency(most: Int64)
    }

    /// Such as `claude.requests` or `jira.requests`.
    public let name: String
    /// What is limited, and how far.
    public let kind: Kind
    /// The part of the burst (or of what may be held), in thousandths, that only priority critical may take: 0 to 999.
    public let reservePerMille: Int64
    /// It counts what it would have held, and holds nothing.
    public let isShadow: Bool

    /// Throws a sentence when no call could ever pass, or when a number is out of range.
    public init(name: String, kind: Kind, reservePerMille: Int64 = 0, isShadow: Bool = false) throws(BucketLimitError) {
        try Self.check(name: name)
        try Self.check(kind, name: name)
        guard (0...999).contains(reservePerMille) else {
            throw BucketLimitError(
                name, "the reserve must be at least 0% and less than 100%, or nothing is left for normal work")
        }
        self.name = name
        self.kind = kind
        self.reservePerMille = reservePerMille
        self.isShadow = isShadow
    }

    /// The most that can be taken, or held, at once.
    public var burst: Int64 {
        switch kind {
        case .rate(_, _, let burst): burst
        case .concurrency(let most): most
        }
    }

    /// Whether it counts what is held, and not what is spent.
    public var isConcurrency: Bool {
        if case .concurrency = kind { true } else { false }
    }

    /// What a rate without a burst has: what arrives in a second, at least one. Services that name a limit for a minute
    /// may enforce it second by second (Claude API, rate limits: "60 a minute may be enforced as 1 a second").
    public static func defaultBurst(amount: Int64, window: Milliseconds) -> Int64 {
        guard amount > 0, window.rawValue > 0 else { return 1 }
        let arriving = Int128(amount) * 1000 / Int128(window.rawValue)
        return max(1, Int64(clamping: arriving))
    }

    private static func check(name: String) throws(BucketLimitError) {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard allowed, !name.isEmpty, name.utf8.count <= Limits.nameBytes else {
            throw BucketLimitError(
                "'\(name.prefix(40))'",
                "a name has 1 to \(Limits.nameBytes) letters, digits, dots, dashes, underscores, such as a.requests"
            )
        }
    }

    private static func check(_ kind: Kind, name: String) throws(BucketLimitError) {
        let most = QuotaLimits.amount
        switch kind {
        case .rate(let amount, let window, let burst):
            guard (1...most).contains(amount) else {
                throw BucketLimitError(name, "the limit is \(amount) and must be 1 to \(most); leave it out for none")
            }
            guard (1...QuotaLimits.window.rawValue).contains(window.rawValue) else {
                throw BucketLimitError(name, "the window is \(window.rawValue) ms and must be 1 ms to 31 days")
            }
            guard (1...most).contains(burst) else {
                throw BucketLimitError(name, "the burst is \(burst) and must be 1 to \(most), or no call ever passes")
            }
        case .concurrency(let held):
            guard (1...most).contains(held) else {
                throw BucketLimitError(
                    name, "the concurrency is \(held) and must be 1 to \(most); leave it out for none")
            }
        }
    }
}
