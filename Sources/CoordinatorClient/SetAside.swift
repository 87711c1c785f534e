import ClusterModel
import ClusterWire

/// A result that nothing waited for: it is kept beside the others.
public struct SetAsideResult: Hashable, Sendable {
    /// The attempt it was of; its store may be another.
    public var token: AttemptToken
    /// Who sent it.
    public var agent: String
    /// Why it was refused, in words.
    public var reason: String
    /// When it came.
    public var at: WallTime
    /// How the attempt ended; nil if this version does not know the word.
    public var state: TaskState?
    /// The answer, or its start.
    public var answer: String
    /// What went wrong in the attempt; may be empty.
    public var message: String

    /// With all its parts.
    public init(
        token: AttemptToken, agent: String, reason: String, at: WallTime, state: TaskState?, answer: String = "",
        message: String = ""
    ) {
        self.token = token
        self.agent = agent
        self.reason = reason
        self.at = at
        self.state = state
        self.answer = answer
        self.message = message
    }
}

extension CoordinatorClient {
    /// Results that were refused, newest first.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func setAside(limit: Int = Limits.tasksPerMessage) async throws -> [SetAsideResult] {
        var query = Ccorchestrator_V1_GetSetAside()
        query.limit = UInt32(limit)
        let body = try await call(.getSetAside(query))
        guard case .setAside(let found) = body else { throw Self.unexpected(body) }
        return try found.results.map { result in
            let job = try reading { () throws(WireError) in try JobID(wire: result.job) }
            return SetAsideResult(
                token: AttemptToken(
                    store: StoreID(rawValue: result.store), task: TaskID(job: job, index: result.index),
                    attempt: result.attempt),
                agent: result.agent, reason: result.reason, at: WallTime(milliseconds: result.atMs),
                state: TaskState(proto: result.state), answer: result.answer, message: result.message)
        }
    }
}
