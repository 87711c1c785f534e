import ClusterModel

/// What the core wants done. The shell carries it out; nothing comes back but as a new input.
public enum Effect: Sendable {
    case reply(ReplyHandle, Reply)
    case welcome(AgentIndex, Welcome)
    case refuse(RouteHandle, AgentRefusal)
    case assign(AgentIndex, [AttemptOrder])
    case acknowledge(AgentIndex, [AttemptToken])
    case cancel(AgentIndex, [AttemptToken])
    /// Read the finished job whole from the store, and hand it to ``CoordinatorCore/jobReloaded(_:at:)``: its tasks are to be tried again.
    case reload(JobID)
}

/// Names a request that waits for its answer; the shell knows whose it is.
public struct ReplyHandle: Hashable, Sendable {
    /// The shell's own number for it; the core only hands it back.
    public var rawValue: UInt64
    /// The handle of that number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names a connection; the shell knows which.
public struct RouteHandle: Hashable, Sendable {
    /// The shell's own number for it; the core only hands it back.
    public var rawValue: UInt64
    /// The handle of that number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Place of an agent in the core's table: small, stable while the coordinator lives.
public struct AgentIndex: Hashable, Sendable {
    /// From 0; an agent that is forgotten leaves its place to another.
    public var rawValue: Int32
    /// The agent in that place.
    public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// Answers to the requests that change something.
public enum Reply: Sendable {
    case submitted(JobID, taskCount: UInt32, sealed: Bool)
    case cancelled(queued: UInt32, running: UInt32)
    /// Tasks that a control verb changes, at once or in the next moments; 1 or 0 for a switch.
    case controlled(changed: UInt32)
    /// A limit as it was written before and is now; empty: none.
    case quotaChanged(before: String, after: String)
    /// Jobs and tasks that are forgotten, at once or in the next moments.
    case pruned(jobs: UInt32, tasks: UInt64)
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
    case unknownAgent = "unknown_agent"
    case unknownQuota = "unknown_quota"
    /// Tasks wait for each other in a circle.
    case cycle
    /// Another request about the same tasks is still being carried out.
    case busy
    /// It has not finished.
    case unfinished
}

/// An attempt to send: the shell adds prompt and options.
public struct AttemptOrder: Sendable {
    /// The attempt, with a number that was not sent before.
    public var token: AttemptToken
    /// The row that the task names in its job's table; orders of one row share it.
    public var shared: SharedOptions
    /// What it is a turn of; nil: it stands alone.
    public var conversation: Conversation?

    /// How to run it.
    public var options: TaskOptions { shared.value }
}

/// What an introduced agent is told.
public struct Welcome: Sendable {
    /// To be named in all that the agent sends from now on; never the same twice in a store's life.
    public var session: UInt64
    /// The hello that this answers, by the agent's own count.
    public var introduction: UInt64
    /// Attempts that the hello named as running and that are its no more: it stops them. What has finished since is sent, and set aside.
    public var abandon: [AttemptToken]
}

/// What an agent that can't be taken is told.
public struct AgentRefusal: Sendable {
    /// For programs, such as `name_taken`.
    public var code: String
    /// A sentence for the agent's operator.
    public var message: String
    /// It need not try again.
    public var final: Bool
}

/// What one turn of the loop made: the records of one transaction, and the effects that wait for it.
public struct Turn: Sendable {
    /// In the order in which they must be written.
    public var records: [DurableRecord] = []
    /// In the order in which they must be carried out.
    public var effects: [Effect] = []
    /// Rows the records write, to bound a transaction.
    public var weight = 0

    /// A turn in which nothing happened.
    public init() {}
    /// Whether there is nothing to write and nothing to carry out.
    public var isEmpty: Bool { records.isEmpty && effects.isEmpty }
}
