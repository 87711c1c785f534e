/// Why an agent doesn't start, or stops for good.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Hashable, Sendable {
        /// Something of this host's is missing or wrong: settings, credential, `claude`, the state directory.
        case unusable
        /// The coordinator refuses this agent for good.
        case refused
    }

    /// What kind of trouble it is.
    public var code: Code
    /// One sentence: what is wrong and what to do.
    public var message: String

    /// An error with its sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}
