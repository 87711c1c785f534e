import ClusterModel
import ClusterWire
import Crypto
import Foundation

/// Puts content over 64 KiB where the coordinator keeps it, chunk by chunk.
struct BlobUploader: Sendable {
    let connection: BlobConnection

    /// Ends when the coordinator has it on disk.
    ///
    /// - Throws: when it was refused or no answer came; it may be tried again from the beginning.
    func put(_ text: String) async throws -> BlobRef { try await put(Array(text.utf8)) }

    /// The same of bytes that need be no text.
    func put(_ bytes: [UInt8]) async throws -> BlobRef {
        let blob = BlobRef(sha256: Array(SHA256.hash(data: bytes)), size: UInt64(bytes.count))
        var offset = 0
        while true {
            let end = min(offset + Limits.blobChunkBytes, bytes.count)
            var put = Ccorchestrator_V1_PutChunk()
            put.blob = blob.proto
            put.offset = UInt64(offset)
            put.bytes = Data(bytes[offset..<end])
            guard case .put(let progress) = try await connection.ask(.put(put)).body else {
                throw BlobError("the coordinator answered a chunk with something else")
            }
            if progress.stored { return blob }
            guard let next = Int(exactly: progress.nextOffset), next <= bytes.count, next != offset || end == offset
            else {
                throw BlobError("the coordinator asks for offset \(progress.nextOffset) of \(bytes.count)")
            }
            guard next < bytes.count else { throw BlobError("the coordinator has all of a blob and did not store it") }
            offset = next
        }
    }

    /// A result whose large texts are named by hash.
    func replaceLargeTexts(in message: Ccorchestrator_V1_AttemptResult) async throws -> Ccorchestrator_V1_AttemptResult
    {
        var message = message
        if message.answer.text.utf8.count > Limits.inlineContentBytes {
            message.answer = Content.blob(try await put(message.answer.text)).proto
        }
        if message.structured.text.utf8.count > Limits.inlineContentBytes {
            message.structured = Content.blob(try await put(message.structured.text)).proto
        }
        if !message.workspace.patch.raw.isEmpty { message.workspace.patch = try await kept(message.workspace.patch) }
        for place in message.workspace.artifacts.indices where !message.workspace.artifacts[place].raw.isEmpty {
            message.workspace.artifacts[place] = try await kept(message.workspace.artifacts[place])
        }
        return message
    }

    private func kept(_ named: Ccorchestrator_V1_NamedContent) async throws -> Ccorchestrator_V1_NamedContent {
        var named = named
        named.content = Content.blob(try await put(Array(named.raw))).proto
        named.raw = Data()
        return named
    }
}
