import ClusterModel
import ClusterWire
import Crypto
import Foundation

/// Content over ``Limits/inlineContentBytes``, to and from the coordinator's blob endpoint, in chunks.
actor BlobChannel {
    private typealias Channel = RequestChannel<Ccorchestrator_V1_BlobReply>

    private let limits: ClientLimits
    private let connect: CoordinatorClient.Connect
    private var open: (endpoint: String, channel: Channel)?

    init(limits: ClientLimits, connect: @escaping CoordinatorClient.Connect) {
        self.limits = limits
        self.connect = connect
    }

    /// Puts `bytes` on the coordinator's disk.
    /// - Returns: The reference, once the coordinator says that the whole is stored.
    func put(_ bytes: [UInt8], to endpoint: String) async throws -> BlobRef {
        let blob = BlobRef(sha256: Array(SHA256.hash(data: bytes)), size: UInt64(bytes.count))
        let channel = try await channel(to: endpoint)
        var offset = 0
        var restarts = 0
        while true {
            var chunk = Ccorchestrator_V1_PutChunk()
            chunk.blob = blob.proto
            chunk.offset = UInt64(offset)
            chunk.bytes = Data(bytes[offset..<min(offset + Limits.blobChunkBytes, bytes.count)])
            let body = try await exchange(.put(chunk), on: channel)
            guard case .put(let progress) = body else { throw Self.unexpected() }
            if progress.stored { return blob }
            // A coordinator that was started again begins anew, or goes on behind us.
            if progress.nextOffset <= UInt64(offset) { restarts += 1 }
            guard progress.nextOffset < blob.size, restarts < Self.restartsAtMost else {
                throw CoordinatorFailure(
                    code: .badReply, message: "the coordinator does not take \(blob.size) bytes of content: try again")
            }
            offset = Int(progress.nextOffset)
        }
    }

    private static let restartsAtMost = 20

    /// Fetches a blob and checks its hash.
    func get(_ blob: BlobRef, from endpoint: String) async throws -> [UInt8] {
        let channel = try await channel(to: endpoint)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(blob.size))
        while UInt64(bytes.count) < blob.size {
            var query = Ccorchestrator_V1_GetChunk()
            query.blob = blob.proto
            query.offset = UInt64(bytes.count)
            let body = try await exchange(.get(query), on: channel)
            guard case .chunk(let chunk) = body, chunk.offset == UInt64(bytes.count), !chunk.bytes.isEmpty else {
                throw Self.unexpected()
            }
            bytes += chunk.bytes
        }
        guard Array(SHA256.hash(data: bytes)) == blob.sha256, UInt64(bytes.count) == blob.size else {
            throw CoordinatorFailure(
                code: .badReply, message: "the content \(blob.hex.prefix(12))… arrived changed: its hash is another")
        }
        return bytes
    }

    func close() async {
        await open?.channel.close()
        open = nil
    }

    private func channel(to endpoint: String) async throws -> Channel {
        if let open, open.endpoint == endpoint { return open.channel }
        let channel = Channel(endpoint: endpoint, transport: try connect(endpoint), limits: limits)
        let old = open
        open = (endpoint, channel)
        await old?.channel.close()
        return channel
    }

    private func exchange(
        _ body: Ccorchestrator_V1_BlobRequest.OneOf_Body, on channel: Channel
    ) async throws -> Ccorchestrator_V1_BlobReply.OneOf_Body {
        let reply = try await channel.exchange(timeLimit: limits.answerTimeout) { id in
            var request = Ccorchestrator_V1_BlobRequest()
            request.requestID = id
            request.protocol = .current
            request.body = body
            return try request.serializedBytes()
        }
        switch reply.body {
        case .failure(let failure):
            throw CoordinatorFailure(code: FailureCode(rawValue: failure.code), message: failure.message)
        case .some(let body): return body
        case nil: throw Self.unexpected()
        }
    }

    private static func unexpected() -> CoordinatorFailure {
        CoordinatorFailure(
            code: .badReply, message: "the coordinator's blob endpoint answered something else than was asked")
    }
}
