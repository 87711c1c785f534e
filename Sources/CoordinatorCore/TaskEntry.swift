import ClusterModel

/// What memory holds of a task: 24 bytes. Prompts, names and results are in the store; what few tasks have is in their job's tables.
struct TaskEntry {
    /// Order of arrival over all jobs.
    var sequence: UInt64
    /// Attempts sent so far; the last one's number.
    var attempt: UInt32 = 0
    /// Row in the job's table of options.
    var options: UInt16
    var state: TaskState
    /// Failures that count against the task.
    var failures: UInt8 = 0
    /// Instances that it crashed.
    var crashes: UInt8 = 0
    /// The last attempt was closed without a result.
    var givenUp = false
    var cancelRequested = false
}

/// An attempt that an agent holds.
struct OpenAttempt {
    var agent: AgentIndex
    var attempt: UInt32
    /// The packed assignment row it is in.
    var row: UInt64
    /// Its place in the agent's list.
    var place: Int32
    /// Tokens that its job was charged when it was sent; what it really took is settled when it ends.
    var charged: UInt64
    /// The class of models whose limits it shares; ``CoordinatorCore/noClass``: none.
    var admission: Int32
    /// It has made a call.
    var hasCalled = false
    /// What was set aside for it when it was sent; nil: nothing was.
    var reserved: Spend?
    /// What it may cost by its job's budget, in millionths of a dollar; 0: that set no cap.
    var cap: UInt64 = 0
    /// What its calls count for in budgets: those that ended, and those that go on as they were estimated.
    var callSpend = Spend()
    /// Of its calls that ended: what they took, and what that costs. It stands for a report that never comes.
    var callUsage = Usage()
    var callCost: UInt64 = 0
    /// Why a call of it was refused for good; nil: none was.
    var refusedByBudget: String?
}

/// What an order puts on its job's account until it has ended.
struct Charge {
    /// For the fair share.
    var tokens: UInt64
    /// For budgets; nil: nothing.
    var reserved: Spend?
    /// As in ``OpenAttempt/cap``.
    var cap: UInt64 = 0
}
