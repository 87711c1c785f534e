import ClusterModel
import ClusterWire

/// What keeps a task from running now.
public struct WhySummary: Hashable, Sendable {
    /// One thing that stands in the way.
    public struct Reason: Hashable, Sendable {
        /// For programs: dependency, paused, held, label, no_slot, place, …
        public var code: String
        /// A sentence for people.
        public var text: String

        /// With all its parts.
        public init(code: String, text: String) {
            self.code = code
            self.text = text
        }
    }

    /// A ``TaskState`` name, or one that a newer coordinator knows.
    public var state: String
    /// What stands in the way, the weightiest first.
    public var reasons: [Reason]
    /// Tasks that start before it; nil when that is not known or has no meaning.
    public var ahead: Int64?
    /// From now; nil when it is not known.
    public var estimatedStart: Milliseconds?
    /// Where it runs; may be empty.
    public var agent: String
    /// Tries so far.
    public var attempts: UInt32

    /// With all its parts.
    public init(
        state: String, reasons: [Reason] = [], ahead: Int64? = nil, estimatedStart: Milliseconds? = nil,
        agent: String = "", attempts: UInt32 = 0
    ) {
        self.state = state
        self.reasons = reasons
        self.ahead = ahead
        self.estimatedStart = estimatedStart
        self.agent = agent
        self.attempts = attempts
    }
}

extension CoordinatorClient {
    /// Why a task does not run, or where it does.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func why(_ task: TaskID) async throws -> WhySummary {
        var query = Ccorchestrator_V1_GetWhy()
        query.job = UInt64(task.job.rawValue)
        query.index = task.index
        let body = try await call(.getWhy(query))
        guard case .why(let why) = body else { throw Self.unexpected(body) }
        return WhySummary(
            state: why.state, reasons: why.reasons.map { .init(code: $0.code, text: $0.text) },
            ahead: why.ahead < 0 ? nil : why.ahead,
            estimatedStart: why.estimatedStartMs < 0 ? nil : Milliseconds(why.estimatedStartMs), agent: why.agent,
            attempts: why.attempts)
    }
}
