import ClusterModel

/// What the core wants done. The shell carries it out; nothing comes back but as a new input.
public enum Effect: Sendable {
    case reply(ReplyHandle, Reply)
    case welcome(AgentIndex, Welcome)
    case refuse(RouteHandle, AgentRefusal)
    case assign(AgentIndex, [AttemptOrder])
    case acknowledge(AgentIndex, [AttemptToken])
    case cancel(AgentIndex, [AttemptToken])
}

/// Names a request that waits for its answer; the shell knows whose it is.
public struct ReplyHandle: Hashable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names a connection; the shell knows which.
public struct RouteHandle: Hashable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Place of an agent in the core's table: small, stable while the coordinator lives.
public struct AgentIndex: Hashable, Sendable {
    public var rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Answers to the requests that change something.
public enum Reply: Sendable {
    case submitted(JobID, taskCount: UInt32, sealed: Bool)
    case cancelled(queued: UInt32, running: UInt32)
    case refused(RefusalCode, String)
}

/// Why a request was refused, for programs.
public enum RefusalCode: String, Sendable {
    case queueFull = "queue_full"
    case diskFull = "disk_full"
    case unknownJob = "unknown_job"
    case unknownTask = "unknown_task"
    case invalid
    case jobSealed = "job_sealed"
}

/// An attempt to send: the shell adds prompt and options.
public struct AttemptOrder: Sendable {
    public var token: AttemptToken
    public var options: TaskOptions
}

/// What an introduced agent is told.
public struct Welcome: Sendable {
    public var session: UInt64
    public var introduction: UInt64
    public var abandon: [AttemptToken]
}

/// What an agent that can't be taken is told.
public struct AgentRefusal: Sendable {
    public var code: String
    public var message: String
    /// It need not try again.
    public var final: Bool
}

/// What one turn of the loop made: the records of one transaction, and the effects that wait for it.
public struct Turn: Sendable {
    public var records: [DurableRecord] = []
    public var effects: [Effect] = []
    /// Rows the records write, to bound a transaction.
    public var weight = 0

    public init() {}
    public var isEmpty: Bool { records.isEmpty && effects.isEmpty }
}
