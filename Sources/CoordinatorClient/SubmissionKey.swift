import ClusterModel
import Crypto

/// Names a submit: all its batches and repeats carry it, so that a repeat adds nothing.
public struct SubmissionKey: Hashable, Sendable {
    /// 16 bytes.
    public let bytes: [UInt8]
    /// What the user calls it; nil for a random one.
    public let text: String?

    /// A key that no other submit has.
    public static func random() -> SubmissionKey {
        SubmissionKey(bytes: (0..<16).map { _ in UInt8.random(in: .min ... .max) }, text: nil)
    }

    /// The same words give the same key: the first 16 bytes of their SHA-256.
    public init(_ text: String) {
        self.init(bytes: Array(SHA256.hash(data: Array(text.utf8)).prefix(16)), text: text)
    }

    private init(bytes: [UInt8], text: String?) {
        self.bytes = bytes
        self.text = text
    }
}
