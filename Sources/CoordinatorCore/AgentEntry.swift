import ClusterModel

/// How the coordinator sees an agent.
public enum AgentState: String, Sendable {
    case live
    /// Silent for a few heartbeats: no new work.
    case suspect
    /// Silent for a lease: its attempts were given up.
    case lost
    /// Said goodbye.
    case gone
    /// Held attempts when the coordinator restarted and has not come back yet.
    case awaited
}

/// What memory holds of an agent.
struct AgentEntry {
    let id: AgentID
    var name: String
    var host = ""
    var version = ""
    var claudeVersion = ""
    var labels: [String: String] = [:]
    var incarnation: UInt64 = 0
    var session: UInt64 = 0
    var state: AgentState
    var lastHeard: Instant
    var report = AgentReport(capacity: 0)
    /// Packed ids of the tasks whose open attempt it holds, in no order that matters; the list of one agent is short.
    var open: [UInt64] = []
    var succeeded: UInt64 = 0
    var failed: UInt64 = 0

    init(id: AgentID, name: String, state: AgentState, lastHeard: Instant) {
        self.id = id
        self.name = name
        self.state = state
        self.lastHeard = lastHeard
    }

    /// Attempts it may be given now.
    var credit: Int { state == .live ? max(0, Int(report.capacity) - open.count) : 0 }
}

/// An agent as clients are shown it.
public struct AgentSummary: Sendable {
    public var id: AgentID
    public var name: String
    public var host: String
    public var state: AgentState
    public var report: AgentReport
    public var running: Int
    public var version: String
    public var claudeVersion: String
    public var labels: [String: String]
    public var succeeded: UInt64
    public var failed: UInt64
    public var silent: Milliseconds
}
