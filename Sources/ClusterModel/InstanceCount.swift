/// How often something became of an agent's instances for one reason, since its program started.
public struct InstanceCount: Hashable, Sendable {
    /// `created`, `recycled` or `terminated`.
    public var event: String
    /// Why, in one or two words: `task`, `spare`, `memory` …
    public var reason: String
    /// How often.
    public var count: UInt64

    /// With all its parts.
    public init(event: String, reason: String, count: UInt64) {
        self.event = event
        self.reason = reason
        self.count = count
    }
}

/// How many instances an agent may have at once now, and why.
public struct PoolSize: Hashable, Sendable {
    /// At once, now.
    public var size: UInt32
    /// At once, at the most, when the host has room.
    public var limit: UInt32
    /// Why ``size`` is below ``limit``, in words; empty: it is not.
    public var because: String
    /// What became of instances so far, in a fixed order.
    public var counts: [InstanceCount]

    /// An agent that says nothing of it, but for what is given.
    public init(size: UInt32 = 0, limit: UInt32 = 0, because: String = "", counts: [InstanceCount] = []) {
        self.size = size
        self.limit = limit
        self.because = because
        self.counts = counts
    }
}
