import ClusterModel
import ClusterWire

/// What a backup holds.
public struct BackupOutcome: Hashable, Sendable {
    /// Bytes of the whole.
    public var bytes: UInt64
    /// Blobs in it.
    public var blobs: UInt64

    /// With all its parts.
    public init(bytes: UInt64, blobs: UInt64) {
        self.bytes = bytes
        self.blobs = blobs
    }
}

extension CoordinatorClient {
    /// Has the coordinator write a copy of its store, as of now, while it goes on working.
    /// - Parameter directory: An absolute path on the coordinator's host; it must not exist yet.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func backup(to directory: String) async throws -> BackupOutcome {
        var request = Ccorchestrator_V1_Backup()
        request.directory = directory
        let body = try await call(.backup(request))
        guard case .backedUp(let outcome) = body else { throw Self.unexpected(body) }
        return BackupOutcome(bytes: outcome.bytes, blobs: outcome.blobs)
    }
}
