import ClusterWire
import ZeroMQ

extension CoordinatorClient {
    /// What the coordinator says of itself.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func serverInfo() async throws -> ServerSummary {
        let body = try await call(.getServerInfo(Ccorchestrator_V1_GetServerInfo()))
        guard case .serverInfo(let info) = body else { throw Self.unexpected(body) }
        return ServerSummary(proto: info)
    }

    /// Asked each time it is needed: a coordinator that was started again may listen elsewhere.
    func blobsEndpoint() async throws -> String {
        let endpoint = try await serverInfo().blobsEndpoint
        guard !endpoint.isEmpty else {
            throw CoordinatorFailure(code: .unknownBlob, message: "the coordinator has no endpoint for long content")
        }
        return Socket.endpoint(announced: endpoint, reachedAt: self.endpoint)
    }
}
