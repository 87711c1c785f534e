import ClusterModel

/// A task as a list shows it.
public struct TaskSummary: Hashable, Sendable {
    public var index: UInt32
    public var name: String
    /// A ``TaskState`` name, or one that a newer coordinator knows.
    public var state: String
    public var priority: UInt32
    public var attempts: UInt32
    /// Where it runs or ran; may be empty.
    public var agent: String
    /// At most 200 characters.
    public var promptStart: String

    public init(
        index: UInt32, name: String = "", state: String, priority: UInt32 = 5, attempts: UInt32 = 0, agent: String = "",
        promptStart: String = ""
    ) {
        self.index = index
        self.name = name
        self.state = state
        self.priority = priority
        self.attempts = attempts
        self.agent = agent
        self.promptStart = promptStart
    }
}
