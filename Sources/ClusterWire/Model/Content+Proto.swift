import ClusterModel
import Foundation

extension BlobRef {
    /// Reads a reference; throws for a hash that is not 32 bytes or a size over the limit.
    public init(proto: Ccorchestrator_V1_BlobRef) throws(WireError) {
        guard proto.sha256.count == 32 else { throw WireError("a blob's hash has 32 bytes, not \(proto.sha256.count)") }
        guard proto.size <= UInt64(Limits.blobBytes) else {
            throw WireError("a blob of \(proto.size) bytes is over the limit of \(Limits.blobBytes)")
        }
        self.init(sha256: Array(proto.sha256), size: proto.size)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_BlobRef {
        var message = Ccorchestrator_V1_BlobRef()
        message.sha256 = Data(sha256)
        message.size = size
        return message
    }
}

extension Content {
    /// Reads content; nil when the field is empty. Throws for text above what may travel inline.
    public static func from(proto: Ccorchestrator_V1_Content) throws(WireError) -> Content? {
        switch proto.place {
        case nil: return nil
        case .text(let text):
            guard text.utf8.count <= Limits.inlineContentBytes else {
                throw WireError(
                    "content of \(text.utf8.count) bytes travels as a blob, above \(Limits.inlineContentBytes)")
            }
            return .text(text)
        case .blob(let blob): return .blob(try BlobRef(proto: blob))
        }
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_Content {
        var message = Ccorchestrator_V1_Content()
        switch self {
        case .text(let text): message.text = text
        case .blob(let blob): message.blob = blob.proto
        }
        return message
    }
}
