/// Tokens that an attempt used, as its instance reported them.
public struct Usage: Hashable, Sendable {
    public var inputTokens: UInt64
    public var outputTokens: UInt64
    public var cacheReadInputTokens: UInt64
    public var cacheCreationInputTokens: UInt64

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

    public static func += (a: inout Self, b: Self) {
        a.inputTokens &+= b.inputTokens
        a.outputTokens &+= b.outputTokens
        a.cacheReadInputTokens &+= b.cacheReadInputTokens
        a.cacheCreationInputTokens &+= b.cacheCreationInputTokens
    }
}
