import ClusterModel

/// What memory holds of a task: 24 bytes. Prompts, names and results are in the store.
struct TaskEntry {
    /// Order of arrival over all jobs.
    var sequence: UInt64
    /// Attempts sent so far; the last one's number.
    var attempt: UInt32
    /// Row in the job's table of options.
    var options: UInt16
    var state: TaskState
    /// Failures that count against the task.
    var failures: UInt8
    /// The last attempt was closed without a result.
    var givenUp: Bool
    var cancelRequested: Bool
}

/// An attempt that an agent holds.
struct OpenAttempt {
    var agent: AgentIndex
    var attempt: UInt32
    /// The packed assignment row it is in.
    var row: UInt64
}
