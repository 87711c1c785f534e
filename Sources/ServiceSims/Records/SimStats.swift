/// What the simulator has seen and done since its start or its last reset.
public struct SimStats: Codable, Hashable, Sendable {
    /// One limit and what it did.
    public struct Limit: Codable, Hashable, Sendable {
        /// Units a minute; nil when the limit is not set.
        public var limit: Int?
        /// The bucket's size; nil when the limit is not set.
        public var burst: Int?
        /// Units charged, counted also where no limit is set.
        public var used: Int
        /// Calls that this limit refused.
        public var refused: Int
        /// Whole units in the bucket now; negative while it is overdrawn, nil when the limit is not set.
        public var level: Int?
    }

    /// The calls that arrived within one second.
    public struct Second: Codable, Hashable, Sendable {
        /// Seconds since the start.
        public var second: Int
        /// Calls that arrived in it.
        public var calls: Int
    }

    /// Calls to `/v1/messages` that arrived. Equal to the sum of the outcomes below and ``openNow``.
    public var total = 0
    /// Calls answered in full.
    public var ok = 0
    /// Calls answered with 429.
    public var status429 = 0
    /// Calls answered with 529.
    public var status529 = 0
    /// Calls answered with 500.
    public var status500 = 0
    /// Calls answered with any other error.
    public var otherErrors = 0
    /// Answers cut after their first delta.
    public var cut = 0
    /// Calls whose caller left before the answer's end.
    public var abandoned = 0
    /// Calls to `/v1/messages/count_tokens`.
    public var countTokens = 0
    /// Calls that are open now.
    public var openNow = 0
    /// The most calls that were open at once.
    public var peakOpen = 0
    /// When the first call arrived, in milliseconds since the start.
    public var firstCallMilliseconds: Int?
    /// When the last call arrived, in milliseconds since the start.
    public var lastCallMilliseconds: Int?
    /// Input tokens charged.
    public var inputTokens = 0
    /// Output tokens charged.
    public var outputTokens = 0
    /// By name: `requests`, `input_tokens`, `output_tokens`.
    public var limits: [String: Limit] = [:]
    /// Seconds with arrivals, within the last hour, oldest first.
    public var perSecond: [Second] = []
    /// Distinct values of `X-Claude-Code-Session-Id`.
    public var sessions = 0
    /// Whether calls are held back.
    public var held = false

    init() {}

    private enum CodingKeys: String, CodingKey {
        case total, ok, cut, abandoned, limits, sessions, held
        case status429 = "429"
        case status529 = "529"
        case status500 = "500"
        case otherErrors = "other_errors"
        case countTokens = "count_tokens"
        case openNow = "open_now"
        case peakOpen = "peak_open"
        case firstCallMilliseconds = "first_call_ms"
        case lastCallMilliseconds = "last_call_ms"
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case perSecond = "per_second"
    }
}
