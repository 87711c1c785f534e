import ClusterModel

/// One bucket, as people see it.
public struct BucketView: Hashable, Sendable {
    /// Such as `claude.requests`.
    public var name: String
    /// The limit as it is written, such as `60/min,burst=6`.
    public var limit: String
    /// The most that can be there: the burst, or what may be held at the moment.
    public var most: Int64
    /// Of that: taken and not arrived again, or held.
    public var used: Int64
    /// What is left, rounded down; negative: so much must arrive before anything is granted.
    public var remaining: Int64
    /// Of the most: what only critical work may take.
    public var reserve: Int64
    /// Requests that wait and draw from it.
    public var waiting: Int
    /// Nil: not parked.
    public var parkedUntil: Instant?
    /// The configured rate for a minute, rounded down; nil where what is held is limited.
    public var limitPerMinute: Int64?
    /// What was really spent in the last minute.
    public var spentLastMinute: Int64
    /// How often the service refused (429).
    public var refusals: UInt64
    /// It only counts.
    public var isShadow: Bool
    /// What a shadow let pass and would have held.
    public var shadowOverruns: UInt64
}

/// Why a request has not been granted.
public struct WaitReason: Hashable, Sendable {
    /// Requests that go first and share a bucket with it.
    public var ahead: Int
    /// What holds it apart from them, bucket by bucket; empty when only its turn is missing.
    public var holds: [BucketHold]

    /// Both as a sentence.
    public var sentence: String {
        var parts: [String] = []
        if ahead > 0 { parts.append("\(ahead) \(ahead == 1 ? "request goes" : "requests go") first") }
        parts += holds.map(\.sentence)
        return parts.isEmpty ? "it goes at the next look" : "waits: " + parts.joined(separator: "; ")
    }
}

/// What keeps one bucket from granting one cost.
public struct BucketHold: Hashable, Sendable {
    /// The bucket's name.
    public var name: String
    /// What the request asks for.
    public var cost: Int64
    /// What is left, rounded down.
    public var remaining: Int64
    /// What it waits for.
    public var hold: Bucket.Hold
    /// How long until time alone lifts it; nil: it hangs on something else.
    public var wait: Milliseconds?

    /// For people.
    public var sentence: String {
        let duration = wait.map { " (for \($0.rawValue) ms at least)" } ?? ""
        switch hold {
        case .parked: return "\(name) is parked because the service asked to wait\(duration)"
        case .level: return "\(name) has \(remaining) left and the call needs \(cost)\(duration)"
        case .reserve: return "what \(name) has left, \(remaining), is kept for critical work\(duration)"
        case .record: return "what \(name) has left, \(remaining), is granted once the disk has a record of it"
        }
    }
}
