/// Content kept by its hash: over ``Limits/inlineContentBytes``.
public struct BlobRef: Hashable, Sendable {
    /// SHA-256, 32 bytes.
    public var sha256: [UInt8]
    /// Length of the content in bytes.
    public var size: UInt64

    /// Everything as given: neither the hash nor its length is checked here.
    public init(sha256: [UInt8], size: UInt64) {
        self.sha256 = sha256
        self.size = size
    }

    /// The hash in hexadecimal: the blob's file name.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(sha256.count * 2)
        for byte in sha256 {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A prompt or an answer: carried along when small, by reference when large.
public enum Content: Hashable, Sendable {
    case text(String)
    case blob(BlobRef)

    /// Bytes of the content itself.
    public var size: UInt64 {
        switch self {
        case .text(let text): UInt64(text.utf8.count)
        case .blob(let blob): blob.size
        }
    }
}
