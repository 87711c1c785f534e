import ClusterModel
import ClusterWire

/// What a control verb is about.
public enum ControlTarget: Hashable, Sendable {
    /// All jobs, those that are still to come too.
    case queue
    case job(JobID)
    /// Some tasks of a job; they travel in several requests when they are many.
    case tasks(JobID, indexes: [UInt32])
}

extension CoordinatorClient {
    /// Starts nothing more of a job, or of the whole queue; what runs goes on.
    /// - Returns: 1 if that changed something.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``; so do all verbs here.
    public func pause(_ job: JobID?) async throws -> UInt32 {
        try await control(.pause, job.map(ControlTarget.job) ?? .queue)
    }

    /// Takes a pause back.
    public func resume(_ job: JobID?) async throws -> UInt32 {
        try await control(.resume, job.map(ControlTarget.job) ?? .queue)
    }

    /// Lets tasks that have not started wait for a person.
    /// - Returns: How many.
    public func hold(_ target: ControlTarget) async throws -> UInt32 { try await control(.hold, target) }

    /// Lets held tasks go on.
    /// - Returns: How many.
    public func release(_ target: ControlTarget) async throws -> UInt32 { try await control(.release, target) }

    /// Queues tasks that failed, were skipped or expired once more.
    /// - Returns: How many.
    public func retry(_ target: ControlTarget) async throws -> UInt32 { try await control(.retry, target) }

    /// Gives tasks that have not ended another priority.
    /// - Returns: How many.
    public func prioritize(_ target: ControlTarget, _ priority: Priority) async throws -> UInt32 {
        try await control(.prioritize, target) { $0.priority = UInt32(priority.rawValue) }
    }

    /// Gives a job another budget: millionths of a dollar and tokens, 0 for no limit, nil for what it was before.
    /// - Returns: 1 if that changed something.
    public func setBudget(_ job: JobID, microUSD: UInt64?, tokens: UInt64?) async throws -> UInt32 {
        try await control(.budget, .job(job)) {
            if let microUSD { $0.budgetMicrousd = microUSD }
            if let tokens { $0.budgetTokens = tokens }
        }
    }

    /// Gives an agent no new work.
    /// - Returns: 1 if that changed something.
    public func drain(agent: String) async throws -> UInt32 { try await control(.drain) { $0.agent = agent } }

    /// Gives a drained agent work again.
    /// - Returns: 1 if that changed something.
    public func undrain(agent: String) async throws -> UInt32 { try await control(.undrain) { $0.agent = agent } }

    /// Lets an agent, or all for an empty name, look at its host's resources now and set the size of its pool by them.
    /// - Returns: How many were told.
    public func recalculate(agent: String) async throws -> UInt32 {
        try await control(.recalculate) { $0.agent = agent }
    }

    private func control(
        _ verb: Ccorchestrator_V1_ControlVerb, _ target: ControlTarget = .queue,
        _ fill: (inout Ccorchestrator_V1_Control) -> Void = { _ in }
    ) async throws -> UInt32 {
        var request = Ccorchestrator_V1_Control()
        request.verb = verb
        fill(&request)
        switch target {
        case .queue: return try await controlled(request)
        case .job(let job):
            request.job = UInt64(job.rawValue)
            return try await controlled(request)
        case .tasks(let job, let indexes):
            request.job = UInt64(job.rawValue)
            var changed: UInt32 = 0
            // Without an index the request would mean the whole job: no tasks are no request.
            for part in Self.parts(indexes) {
                request.indexes = part
                changed += try await controlled(request)
            }
            return changed
        }
    }

    private func controlled(_ request: Ccorchestrator_V1_Control) async throws -> UInt32 {
        let body = try await call(.control(request))
        guard case .controlled(let outcome) = body else { throw Self.unexpected(body) }
        return outcome.changed
    }

    /// Indexes in pieces that a request may name.
    static func parts(_ indexes: [UInt32]) -> [[UInt32]] {
        stride(from: 0, to: indexes.count, by: Limits.tasksPerControl).map { start in
            Array(indexes[start..<min(start + Limits.tasksPerControl, indexes.count)])
        }
    }
}
