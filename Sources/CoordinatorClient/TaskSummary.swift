import ClusterModel

/// A task as a list shows it.
public struct TaskSummary: Hashable, Sendable {
    /// Place in its job, from 0.
    public var index: UInt32
    /// What its user calls it; may be empty.
    public var name: String
    /// A ``TaskState`` name, or one that a newer coordinator knows.
    public var state: String
    /// 0 to 9.
    public var priority: UInt32
    /// Tries so far.
    public var attempts: UInt32
    /// Where it runs or ran; may be empty.
    public var agent: String
    /// At most 200 characters.
    public var promptStart: String
    /// Why it is held, in words; may be empty.
    public var note: String

    /// With all its parts.
    public init(
        index: UInt32, name: String = "", state: String, priority: UInt32 = 5, attempts: UInt32 = 0, agent: String = "",
        promptStart: String = "", note: String = ""
    ) {
        self.index = index
        self.name = name
        self.state = state
        self.priority = priority
        self.attempts = attempts
        self.agent = agent
        self.promptStart = promptStart
        self.note = note
    }
}
