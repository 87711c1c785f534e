/// What a simulated API does: where it listens, what it limits, how slow and how faulty it is.
public struct AnthropicSimConfiguration: Sendable {
    /// The port on 127.0.0.1; 0 takes a free one.
    public var port = 0
    /// Answers, latencies and faults follow from this number and the prompts alone.
    public var seed: UInt64 = 1
    /// Calls to `/v1/messages` a minute; nil is unlimited, as for the other limits.
    public var requests: RateLimit?
    /// Input tokens a minute.
    public var inputTokens: RateLimit?
    /// Output tokens a minute.
    public var outputTokens: RateLimit?
    /// The least time before an answer's headers, in milliseconds.
    public var latencyMilliseconds = 0
    /// The most that a call's own draw adds to the latency, in milliseconds.
    public var latencyJitterMilliseconds = 0
    /// The length of an ordinary answer is drawn from this range, in tokens.
    public var answerTokens: ClosedRange<Int> = 20...20
    /// The time over which a streamed answer's deltas are spread, in milliseconds.
    public var streamMilliseconds = 0
    /// The share of calls (0 to 1) answered with 529 `overloaded_error`.
    public var overloadedShare = 0.0
    /// The share of calls answered with 500 `api_error`.
    public var failureShare = 0.0
    /// The share of calls whose answer is cut after its first delta.
    public var cutShare = 0.0
    /// The only key that is let in; nil lets in every caller.
    public var apiKey: String?

    /// The longest latency, stream or scripted wait: an hour.
    public static let longestWaitMilliseconds = 3_600_000
    /// The most tokens that an answer may be asked to have.
    public static let longestAnswerTokens = 200_000

    /// A fast, faultless, unlimited API on a free port.
    public init() {}

    /// Throws ``SimConfigurationError`` for the first setting that is out of its range.
    public func validate() throws {
        guard (0...65535).contains(port) else {
            throw SimConfigurationError("The port is \(port): give 0 (any free one) to 65535.")
        }
        try requests?.validate(named: "The request limit")
        try inputTokens?.validate(named: "The input token limit")
        try outputTokens?.validate(named: "The output token limit")
        let waits = [
            ("latency", latencyMilliseconds), ("latency jitter", latencyJitterMilliseconds),
            ("stream time", streamMilliseconds),
        ]
        for (name, value) in waits where value < 0 || value > Self.longestWaitMilliseconds {
            throw SimConfigurationError(
                "The \(name) is \(value) ms: give 0 to \(Self.longestWaitMilliseconds) ms.")
        }
        guard answerTokens.lowerBound >= 1, answerTokens.upperBound <= Self.longestAnswerTokens else {
            throw SimConfigurationError(
                "Answers of \(answerTokens) tokens: give a range within 1 to \(Self.longestAnswerTokens).")
        }
        let shares = [overloadedShare, failureShare, cutShare]
        guard shares.allSatisfy({ (0...1).contains($0) }), shares.reduce(0, +) <= 1 else {
            throw SimConfigurationError(
                "The shares of 529, 500 and cut answers are \(shares): each is 0 to 1, and together at most 1.")
        }
    }

    var limits: [LimitGate.Kind: RateLimit] {
        var limits: [LimitGate.Kind: RateLimit] = [:]
        limits[.requests] = requests
        limits[.inputTokens] = inputTokens
        limits[.outputTokens] = outputTokens
        return limits
    }
}
