import ClusterModel
import ClusterWire

/// Some results of a job, and where to go on.
public struct ResultPage: Sendable {
    /// In task order.
    public var results: [TaskResult]
    /// Where the next page begins; nil after the last.
    public var nextIndex: UInt32?
}

extension CoordinatorClient {
    /// The ended tasks of a job in task order, from `first`; the coordinator may give fewer than `limit`.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func results(
        of job: JobID, from first: UInt32 = 0, limit: Int = Limits.tasksPerMessage
    ) async throws -> ResultPage {
        var query = Ccorchestrator_V1_GetResults()
        query.job = UInt64(job.rawValue)
        query.firstIndex = first
        query.limit = UInt32(limit)
        let body = try await call(.getResults(query))
        guard case .results(let page) = body else { throw Self.unexpected(body) }
        return ResultPage(
            results: try page.results.map { result in
                try reading { () throws(WireError) in try TaskResult(proto: result) }
            },
            nextIndex: page.more ? page.nextIndex : nil)
    }

    /// The bytes themselves; what is a blob is fetched and its hash checked.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func bytes(of content: Content) async throws -> [UInt8] {
        switch content {
        case .text(let text): Array(text.utf8)
        case .blob(let blob): try await blobs.get(blob, from: try await blobsEndpoint())
        }
    }

    /// The text itself; what is a blob is fetched and its hash checked.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func text(of content: Content) async throws -> String {
        switch content {
        case .text(let text): return text
        case .blob(let blob):
            return String(decoding: try await blobs.get(blob, from: try await blobsEndpoint()), as: UTF8.self)
        }
    }
}
