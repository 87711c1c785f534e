/// Why a bucket's limit can't be: a sentence for whoever wrote it.
public struct BucketLimitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, in which bucket, and what to write instead.
    public let message: String

    init(_ name: String, _ problem: String) { message = "bucket \(name): \(problem)" }

    /// The sentence.
    public var description: String { message }
}
