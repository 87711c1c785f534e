import ClusterModel
import ClusterWire
import Crypto
import Foundation

/// Gets a prompt or a conversation that travels by its hash.
struct BlobDownloader: Sendable {
    let connection: BlobConnection

    /// The text, checked against its hash.
    ///
    /// - Throws: when it didn't come, or isn't what it should be.
    func text(of blob: BlobRef) async throws -> String {
        let bytes = try await bytes(of: blob, "a prompt", Limits.promptBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BlobError("blob \(blob.hex) is not UTF-8")
        }
        return text
    }

    /// A conversation's transcript, checked against its hash.
    ///
    /// - Throws: as ``text(of:)``.
    func transcript(_ blob: BlobRef) async throws -> [UInt8] {
        try await bytes(of: blob, "a transcript", Limits.transcriptBytes)
    }

    private func bytes(of blob: BlobRef, _ what: String, _ maximumBytes: Int) async throws -> [UInt8] {
        guard blob.size <= UInt64(maximumBytes) else {
            throw BlobError("\(what) of \(blob.size) bytes is over the limit of \(maximumBytes)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(blob.size))
        while bytes.count < Int(blob.size) {
            var get = Ccorchestrator_V1_GetChunk()
            get.blob = blob.proto
            get.offset = UInt64(bytes.count)
            guard case .chunk(let chunk) = try await connection.ask(.get(get)).body, chunk.offset == get.offset,
                !chunk.bytes.isEmpty, bytes.count + chunk.bytes.count <= Int(blob.size)
            else {
                throw BlobError("the coordinator's chunk at \(get.offset) of blob \(blob.hex) is not what was asked")
            }
            bytes += chunk.bytes
        }
        guard Array(SHA256.hash(data: bytes)) == blob.sha256 else {
            throw BlobError("blob \(blob.hex) came with another content than its hash says")
        }
        return bytes
    }
}
