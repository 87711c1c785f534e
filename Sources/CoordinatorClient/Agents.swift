import ClusterWire

extension CoordinatorClient {
    /// All agents that the coordinator knows.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func agents() async throws -> [AgentSummary] {
        let body = try await call(.getAgents(Ccorchestrator_V1_GetAgents()))
        guard case .agents(let found) = body else { throw Self.unexpected(body) }
        return found.agents.map(AgentSummary.init(proto:))
    }
}
