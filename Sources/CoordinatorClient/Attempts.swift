import ClusterModel
import ClusterWire

/// An attempt that has ended.
public struct AttemptSummary: Hashable, Sendable {
    /// From 1.
    public var attempt: UInt32
    /// Where it ran.
    public var agent: String
    /// Nil when it succeeded, or when no result came.
    public var failure: TaskFailure?
    /// Whether it was given up: no result came.
    public var givenUp: Bool
    /// By the coordinator's clock.
    public var endedAt: WallTime
    /// Tokens of this attempt alone.
    public var usage: Usage
    /// Millionths of a dollar, of this attempt alone.
    public var costMicroUSD: UInt64

    /// With all its parts.
    public init(
        attempt: UInt32, agent: String = "", failure: TaskFailure? = nil, givenUp: Bool = false,
        endedAt: WallTime = WallTime(milliseconds: 0), usage: Usage = Usage(), costMicroUSD: UInt64 = 0
    ) {
        self.attempt = attempt
        self.agent = agent
        self.failure = failure
        self.givenUp = givenUp
        self.endedAt = endedAt
        self.usage = usage
        self.costMicroUSD = costMicroUSD
    }
}

extension CoordinatorClient {
    /// Every attempt at a task that has ended, oldest first.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func attempts(at task: TaskID) async throws -> [AttemptSummary] {
        var query = Ccorchestrator_V1_GetAttempts()
        query.job = UInt64(task.job.rawValue)
        query.index = task.index
        let body = try await call(.getAttempts(query))
        guard case .attempts(let found) = body else { throw Self.unexpected(body) }
        return found.attempts.map { attempt in
            AttemptSummary(
                attempt: attempt.attempt, agent: attempt.agent,
                failure: attempt.hasError ? TaskFailure(proto: attempt.error) : nil, givenUp: attempt.givenUp,
                endedAt: WallTime(milliseconds: attempt.endedAtMs), usage: Usage(proto: attempt.usage),
                costMicroUSD: attempt.costMicrousd)
        }
    }
}
