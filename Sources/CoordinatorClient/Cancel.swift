import ClusterModel
import ClusterWire

/// What a cancellation met.
public struct CancelOutcome: Hashable, Sendable {
    /// Tasks that waited and have ended at once.
    public var queued: UInt32
    /// Tasks that run and were told to stop.
    public var running: UInt32

    /// With all its parts.
    public init(queued: UInt32, running: UInt32) {
        self.queued = queued
        self.running = running
    }
}

extension CoordinatorClient {
    /// Cancels a job, or the tasks named of it.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func cancel(_ job: JobID, indexes: [UInt32] = []) async throws -> CancelOutcome {
        var request = Ccorchestrator_V1_Cancel()
        request.job = UInt64(job.rawValue)
        var sum = CancelOutcome(queued: 0, running: 0)
        for part in indexes.isEmpty ? [[]] : Self.parts(indexes) {
            request.indexes = part
            let body = try await call(.cancel(request))
            guard case .cancelled(let outcome) = body else { throw Self.unexpected(body) }
            sum.queued += outcome.queued
            sum.running += outcome.running
        }
        return sum
    }
}
