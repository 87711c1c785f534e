import ClusterModel
import ClusterWire

/// What becomes of a bucket while the coordinator runs.
public enum QuotaChange: Hashable, Sendable {
    /// Another limit, as it is written; nil: the same, and only what follows changes. Nil there: as it is, or as the limit
    /// says. A bucket that isn't there needs the limit.
    case set(limit: String?, burst: Int64? = nil, reserve: String? = nil, isShadow: Bool? = nil)
    /// Back to what the configuration says; a bucket that it doesn't name goes.
    case reset
    /// Ends a park early.
    case unpark
}

/// What a change did.
public struct QuotaChangeOutcome: Hashable, Sendable {
    /// The limit before; nil: there was no such bucket.
    public var before: String?
    /// The limit now; nil: there is no such bucket.
    public var after: String?

    /// With both its parts.
    public init(before: String?, after: String?) {
        self.before = before
        self.after = after
    }
}

extension CoordinatorClient {
    /// Every bucket as it is now.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func quotas() async throws -> QuotaReport {
        let body = try await call(.getQuotas(Ccorchestrator_V1_GetQuotas()))
        guard case .quotas(let found) = body else { throw Self.unexpected(body) }
        return QuotaReport(
            quotas: found.quotas.map(QuotaSummary.init(proto:)),
            estimates: found.estimates.map(QuotaEstimateSummary.init(proto:)),
            apiRetries: found.apiRetries.map { APIRetriesSummary(error: $0.error, status: $0.status, count: $0.count) },
            unmeteredAgents: found.unmeteredAgents)
    }

    /// Changes a bucket for as long as this coordinator's store lives, or ends its park.
    /// - Throws: ``CoordinatorFailure`` with ``FailureCode/unknownQuota`` where there is no such bucket;
    ///   ``CoordinatorUnreachable``.
    public func changeQuota(_ name: String, _ change: QuotaChange) async throws -> QuotaChangeOutcome {
        let body = try await call(.changeQuota(Self.request(name, change)))
        guard case .quotaChanged(let outcome) = body else { throw Self.unexpected(body) }
        return QuotaChangeOutcome(
            before: outcome.before.isEmpty ? nil : outcome.before, after: outcome.after.isEmpty ? nil : outcome.after)
    }

    private static func request(_ name: String, _ change: QuotaChange) -> Ccorchestrator_V1_ChangeQuota {
        var request = Ccorchestrator_V1_ChangeQuota()
        request.name = name
        switch change {
        case .set(let limit, let burst, let reserve, let isShadow):
            request.verb = .set
            request.limit = limit ?? ""
            if let burst { request.burst = burst }
            if let reserve { request.reserve = reserve }
            if let isShadow { request.isShadow = isShadow }
        case .reset: request.verb = .reset
        case .unpark: request.verb = .unpark
        }
        return request
    }
}
