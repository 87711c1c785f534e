/// The store that made an attempt: random, and new after a restore from a backup, so that results of an abandoned history are told apart.
public struct StoreID: Hashable, Sendable {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The number of a job in its store, from 1.
public struct JobID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { String(rawValue) }
}

/// A task: its job and its place in it, from 0. Printed as `job.index`.
public struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var job: JobID
    public var index: UInt32

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

    public static func < (a: Self, b: Self) -> Bool { a.packed < b.packed }
    public var description: String { "\(job).\(index)" }
}

/// Fences a result: it is accepted only for the attempt it names, in the store that made it.
public struct AttemptToken: Hashable, Sendable, CustomStringConvertible {
    public var store: StoreID
    public var task: TaskID
    /// From 1.
    public var attempt: UInt32

    public init(store: StoreID, task: TaskID, attempt: UInt32) {
        self.store = store
        self.task = task
        self.attempt = attempt
    }

    public var description: String { "\(task)#\(attempt)" }
}

/// An agent, for as long as its state directory lives.
public struct AgentID: Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public var description: String { String(rawValue, radix: 16) }
}
