import ClusterModel
import ClusterWire

/// Some tasks of a job, and where to go on.
public struct TaskPage: Sendable {
    /// In task order.
    public var tasks: [TaskSummary]
    /// Where the next page begins; nil after the last.
    public var nextIndex: UInt32?
}

extension CoordinatorClient {
    /// Tasks of a job in order, from `first`; the coordinator may give fewer than `limit`.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func tasks(
        of job: JobID, from first: UInt32 = 0, limit: Int = Limits.tasksPerMessage
    ) async throws -> TaskPage {
        var query = Ccorchestrator_V1_GetTasks()
        query.job = UInt64(job.rawValue)
        query.firstIndex = first
        query.limit = UInt32(limit)
        let body = try await call(.getTasks(query))
        guard case .tasks(let page) = body else { throw Self.unexpected(body) }
        return TaskPage(
            tasks: page.tasks.map(TaskSummary.init(proto:)), nextIndex: page.more ? page.nextIndex : nil)
    }
}
