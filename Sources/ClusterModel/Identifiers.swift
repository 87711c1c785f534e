/// The store that made an attempt: random, and new after a restore from a backup, so that results of an abandoned history are told apart.
public struct StoreID: Hashable, Sendable {
    /// 64 random bits, drawn with the store's file.
    public var rawValue: UInt64
    /// The store that drew these bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The number of a job in its store, from 1.
public struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// From 1, in the order in which jobs came.
    public var rawValue: UInt32
    /// The job of that number, whether there is one or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Whether `a` was submitted before `b`.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The number in decimal.
    public var description: String { String(rawValue) }
}

/// A task: its job and its place in it, from 0. Printed as `job.index`.
public struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The job it belongs to.
    public var job: JobID
    /// Place in its job, from 0.
    public var index: UInt32

    /// Everything as given, whether there is such a task or not.
    public init(job: JobID, index: UInt32) {
        self.job = job
        self.index = index
    }

    /// One sortable integer: the job in the upper half. It is the task's key in the store.
    public var packed: UInt64 { UInt64(job.rawValue) << 32 | UInt64(index) }

    /// The inverse of ``packed``.
    public init(packed: UInt64) {
        self.init(
            job: JobID(rawValue: UInt32(truncatingIfNeeded: packed >> 32)), index: UInt32(truncatingIfNeeded: packed))
    }

    /// By job, then by place in it.
    public static func < (a: Self, b: Self) -> Bool { a.packed < b.packed }
    /// `job.index`, both in decimal.
    public var description: String { "\(job).\(index)" }
}

/// Fences a result: it is accepted only for the attempt it names, in the store that made it.
public struct AttemptToken: Hashable, Sendable, CustomStringConvertible {
    /// The store that numbered the attempt.
    public var store: StoreID
    /// The task that was tried.
    public var task: TaskID
    /// From 1.
    public var attempt: UInt32

    /// Everything as given.
    public init(store: StoreID, task: TaskID, attempt: UInt32) {
        self.store = store
        self.task = task
        self.attempt = attempt
    }

    /// `job.index#attempt`, for logs: the store is left out.
    public var description: String { "\(task)#\(attempt)" }
}

/// An agent, for as long as its state directory lives.
public struct AgentID: Hashable, Sendable, CustomStringConvertible {
    /// 64 bits, drawn when the state directory is made; never 0.
    public var rawValue: UInt64
    /// The agent whose state directory holds these bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// The bits in hexadecimal, without leading zeros.
    public var description: String { String(rawValue, radix: 16) }
}
