import ClusterModel
import ClusterWire

/// What a prune forgot, or would.
public struct PruneOutcome: Hashable, Sendable {
    /// Jobs.
    public var jobs: UInt32
    /// Their tasks.
    public var tasks: UInt64

    /// With all its parts.
    public init(jobs: UInt32, tasks: UInt64) {
        self.jobs = jobs
        self.tasks = tasks
    }
}

extension CoordinatorClient {
    /// Forgets jobs that finished so long ago.
    /// - Parameter isRehearsal: Whether to say only what would go.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func prune(finishedLongerAgoThan age: Milliseconds, isRehearsal: Bool = false) async throws -> PruneOutcome {
        var request = Ccorchestrator_V1_Prune()
        request.olderThanMs = UInt64(max(1, age.rawValue))
        request.dryRun = isRehearsal
        return try await prune(request)
    }

    /// Forgets these jobs, which must have finished.
    /// - Parameter isRehearsal: Whether to say only what would go.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func prune(_ jobs: [JobID], isRehearsal: Bool = false) async throws -> PruneOutcome {
        var request = Ccorchestrator_V1_Prune()
        request.dryRun = isRehearsal
        var sum = PruneOutcome(jobs: 0, tasks: 0)
        for start in stride(from: 0, to: jobs.count, by: Limits.tasksPerMessage) {
            request.jobs = jobs[start..<min(start + Limits.tasksPerMessage, jobs.count)].map { UInt64($0.rawValue) }
            let outcome = try await prune(request)
            sum.jobs += outcome.jobs
            sum.tasks += outcome.tasks
        }
        return sum
    }

    private func prune(_ request: Ccorchestrator_V1_Prune) async throws -> PruneOutcome {
        let body = try await call(.prune(request))
        guard case .pruned(let outcome) = body else { throw Self.unexpected(body) }
        return PruneOutcome(jobs: outcome.jobs, tasks: outcome.tasks)
    }
}
