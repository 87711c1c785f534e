import ClusterModel

/// An agent as the coordinator knows it.
public struct AgentSummary: Hashable, Sendable {
    /// What its user calls it; may be empty.
    public var name: String
    /// Where it runs.
    public var host: String
    /// live, suspect, lost, draining, gone
    public var state: String
    /// Tasks that it takes at once.
    public var capacity: UInt32
    /// Attempts that the coordinator gave it.
    public var running: UInt32
    /// `claude` processes that live.
    public var instances: UInt32
    /// Of these, those that work.
    public var busy: UInt32
    /// Results that it still holds.
    public var outbox: UInt32
    /// Its version.
    public var version: String
    /// The CLI's version.
    public var claudeVersion: String
    /// Tasks that succeeded.
    public var succeeded: UInt64
    /// Tasks that failed.
    public var failed: UInt64
    /// Why it gets no work, in words; may be empty.
    public var heldBecause: String
    /// Memory of its instances, in bytes.
    public var residentBytes: UInt64
    /// Since its last sign of life.
    public var lastHeardAgo: Milliseconds
    /// What it says of itself.
    public var labels: [String: String]
    /// How many instances it may have, and what became of them.
    public var pool: PoolSize

    /// With all its parts.
    public init(name: String, state: String) {
        self.name = name
        self.state = state
        host = ""
        capacity = 0
        running = 0
        instances = 0
        busy = 0
        outbox = 0
        version = ""
        claudeVersion = ""
        succeeded = 0
        failed = 0
        heldBecause = ""
        residentBytes = 0
        lastHeardAgo = 0
        labels = [:]
        pool = PoolSize()
    }
}
