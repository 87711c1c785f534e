import ClusterModel

/// An agent as the coordinator knows it.
public struct AgentSummary: Hashable, Sendable {
    public var name: String
    public var host: String
    /// live, suspect, lost, draining, gone
    public var state: String
    public var capacity: UInt32
    /// Attempts that the coordinator gave it.
    public var running: UInt32
    public var instances: UInt32
    public var busy: UInt32
    /// Results that it still holds.
    public var outbox: UInt32
    public var version: String
    public var claudeVersion: String
    public var succeeded: UInt64
    public var failed: UInt64
    /// Why it gets no work, in words; may be empty.
    public var heldBecause: String
    public var residentBytes: UInt64
    public var lastHeardAgo: Milliseconds
    public var labels: [String: String]

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
    }
}
