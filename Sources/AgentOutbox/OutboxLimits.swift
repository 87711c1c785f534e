import ClusterModel

/// How much an outbox holds before its agent takes no more work. What runs already is still taken: an agent has at most as many attempts as slots.
public struct OutboxLimits: Hashable, Sendable {
    /// Results that the coordinator has not acknowledged.
    public var entries: Int
    /// Their bytes, which the agent also holds in memory to send them again.
    public var bytes: Int
    /// Bytes of one commit, which may be exceeded by one row.
    public var bytesPerCommit = 4 * 1024 * 1024
    /// Rows of one commit, each with many results: 1,400 take some 2 ms and more.
    public var rowsPerCommit = 1400

    /// What an agent uses unless a test says otherwise.
    public static let standard = OutboxLimits(entries: 10_000, bytes: 64 * 1024 * 1024)

    /// Limits as given.
    public init(entries: Int, bytes: Int) {
        self.entries = entries
        self.bytes = bytes
    }
}

/// A finished attempt: whatever its bytes mean is the agent's and the coordinator's affair.
public struct OutboxEntry: Hashable, Sendable {
    /// Whose result it is.
    public var token: AttemptToken
    /// The result as it is sent.
    public var bytes: [UInt8]

    /// An entry for `token`.
    public init(token: AttemptToken, bytes: [UInt8]) {
        self.token = token
        self.bytes = bytes
    }
}
