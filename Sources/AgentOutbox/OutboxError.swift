/// Why an agent's state directory can't be used.
public struct OutboxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Hashable, Sendable {
        /// Another agent holds the directory.
        case inUse
        /// The directory can't be made, opened or locked.
        case unusable
        /// A newer version of the product wrote it.
        case tooNew
        /// The outbox file is not one, or can't be read.
        case unreadable
    }

    /// What kind of trouble it is.
    public var code: Code
    /// One sentence: what, where, and what to do.
    public var message: String

    /// The sentence.
    public var description: String { message }
}
