/// Tokens that an attempt used, as its instance reported them.
public struct Usage: Hashable, Sendable {
    /// Tokens read that came neither from the cache nor went into it.
    public var inputTokens: UInt64
    /// Tokens that the model wrote.
    public var outputTokens: UInt64
    /// Tokens read from the prompt cache; not among ``inputTokens``.
    public var cacheReadInputTokens: UInt64
    /// Tokens written to the prompt cache; not among ``inputTokens``.
    public var cacheCreationInputTokens: UInt64

    /// Nothing used, but for what is given.
    public init(
        inputTokens: UInt64 = 0, outputTokens: UInt64 = 0, cacheReadInputTokens: UInt64 = 0,
        cacheCreationInputTokens: UInt64 = 0
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadInputTokens = cacheReadInputTokens
        self.cacheCreationInputTokens = cacheCreationInputTokens
    }

    /// Everything, for a one-figure display.
    public var total: UInt64 { inputTokens &+ outputTokens &+ cacheReadInputTokens &+ cacheCreationInputTokens }

    /// Adds kind by kind; a sum beyond 64 bits wraps, since an absurd report may not end the program.
    public static func += (a: inout Self, b: Self) {
        a.inputTokens &+= b.inputTokens
        a.outputTokens &+= b.outputTokens
        a.cacheReadInputTokens &+= b.cacheReadInputTokens
        a.cacheCreationInputTokens &+= b.cacheCreationInputTokens
    }
}
