import ClusterModel

/// Why an instance, or a request to it, came to nothing.
public struct InstanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of end it was.
    public enum Code: String, Hashable, Sendable {
        /// The guard could not be started.
        case launch
        /// The process ended while something was awaited of it.
        case exited
        /// It closed its output, or its input, and did not end.
        case closed
        /// A line that is no JSON although it begins like it, or a result that lacks what every result has.
        case garbage
        /// A line above ``ClaudeInstance/lineLimitBytes``.
        case lineTooLong = "line_too_long"
        /// An answer that did not come in time.
        case timedOut = "timed_out"
        /// It answered a request with an error of its own.
        case refused
        /// `/clear` did not begin a new session.
        case notCleared = "not_cleared"
        /// The caller asked for two things at once, or for something after the end.
        case misuse
    }

    /// What kind of end it was.
    public var code: Code
    /// A sentence.
    public var message: String
    /// The end of standard error and of the stream, at most ``Limits/failureDetailBytes``.
    public var detail: String

    /// A failure of this kind.
    public init(_ code: Code, _ message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }

    /// The sentence.
    public var description: String { message }
}

/// How an instance's process ended.
public struct InstanceEnd: Hashable, Sendable {
    /// The CLI's own code; 128 + the signal's number when a signal ended it; 125 when a descendant could not be killed; 127 when the
    /// CLI could not be started.
    public var exitCode: Int32
    /// The end of standard error, at most 64 KiB.
    public var standardErrorTail: String
}
