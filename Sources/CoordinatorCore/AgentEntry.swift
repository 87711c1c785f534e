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
    /// Live, and gets no new work: an operator said so.
    case draining
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
    var runners: [String] = []
    /// An operator wants it to get no new work.
    var isDrained = false
    var incarnation: UInt64 = 0
    var session: UInt64 = 0
    /// The latest hello of this incarnation: one that was overtaken says nothing any more.
    var introduction: UInt64 = 0
    var state: AgentState
    var lastHeard: Instant
    var report = AgentReport(capacity: 0)
    /// As it told last, whatever became of it since.
    var apiRetries: [APIRetries] = []
    /// It has no gateway: what its tasks take of the limits is set aside for them as a whole.
    var isUnmetered = false
    /// Packed ids of the tasks whose open attempt it holds, in no order that matters; each attempt knows its place here.
    var open: [UInt64] = []
    var succeeded: UInt64 = 0
    var failed: UInt64 = 0
    /// How long an attempt takes it, as learned; 0: not known.
    var millisecondsLearned: UInt32 = 0

    init(id: AgentID, name: String, state: AgentState, lastHeard: Instant) {
        self.id = id
        self.name = name
        self.state = state
        self.lastHeard = lastHeard
    }

    /// Attempts it may be given now.
    var credit: Int { state == .live && !isDrained ? max(0, Int(report.capacity) - open.count) : 0 }

    /// An attempt took it so long, by its own clock, which may have jumped.
    mutating func ran(for milliseconds: Int64) {
        guard (0...86_400_000).contains(milliseconds) else { return }
        let new = UInt32(milliseconds)
        millisecondsLearned = millisecondsLearned == 0 ? new : (millisecondsLearned * 7 + new) / 8
    }
}

/// An agent as clients are shown it.
public struct AgentSummary: Sendable {
    /// Stays the same over the agent's restarts.
    public var id: AgentID
    /// What its operator calls it.
    public var name: String
    /// The machine it said it runs on; empty for an agent that is awaited.
    public var host: String
    /// How it stands with the coordinator now.
    public var state: AgentState
    /// Its latest heartbeat; before the first, the capacity that it said hello with. All zero once it is lost or gone.
    public var report: AgentReport
    /// Attempts that it holds, by the coordinator's count.
    public var running: Int
    /// Its program's version; empty for an agent that is awaited.
    public var version: String
    /// Its Claude Code's version; empty when it did not say.
    public var claudeVersion: String
    /// What its operator says of it, by name.
    public var labels: [String: String]
    /// What it can execute.
    public var runners: [String]
    /// Results from it that ended a task well, since this coordinator started.
    public var succeeded: UInt64
    /// Results from it that ended an attempt otherwise, since this coordinator started; lost attempts have none.
    public var failed: UInt64
    /// How long nothing has come from it.
    public var silent: Milliseconds
}
