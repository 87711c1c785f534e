import ClusterModel

/// How a turn ended.
public enum TurnEnding: Hashable, Sendable {
    /// The CLI said so itself, well or badly: ``Verdict`` judges.
    case result(TurnResult)
    /// The instance broke under it and cannot be used again.
    case broken(InstanceFailure)
}

/// What the CLI's `result` line says, and what was seen on the way to it.
public struct TurnResult: Hashable, Sendable {
    /// `success`, or a kind of error such as `error_max_turns`.
    public var subtype: String
    /// An API failure has this with the subtype `success`.
    public var isError: Bool
    /// The answer, or what the CLI says of an error.
    public var resultText: String?
    /// The exact JSON text of the object that met the schema.
    public var structuredJSON: String?
    /// Of the conversation that the turn belongs to.
    public var sessionID: String
    /// The model's turns within this one.
    public var numTurns: Int
    /// The turn's length, by the CLI's clock.
    public var duration: Milliseconds
    /// Of it, within API calls.
    public var durationAPI: Milliseconds
    /// As the CLI says it: cumulative since its start or the last `/clear`.
    public var totalCostUSD: Double
    /// Millionths of a dollar for this turn alone.
    public var costMicroUSD: UInt64
    /// Of this turn alone.
    public var usage: Usage
    /// The tools that were denied, one entry a denial.
    public var permissionDenials: [String]
    /// `completed` when all is well; null for `/clear`.
    public var terminalReason: String?
    /// The HTTP status of the API's last error, if that ended the turn.
    public var apiErrorStatus: Int?
    /// What the CLI says about an error of its own.
    public var errors: [String]
    /// API calls that the CLI repeated by itself.
    public var retries: Int
    /// The status of the last call that it repeated; nil: none, or a broken connection.
    public var lastRetryStatus: Int?
    /// The end of standard error and of this turn's stream, at most ``Limits/failureDetailBytes``; empty when all went well.
    public var lastWords: String
    /// The last message of the turn, by the id under which the transcript has it; nil: none was seen.
    public var lastMessageID: String?

    /// A result with these values; those left out are as on a plain success.
    public init(
        subtype: String = "success", isError: Bool = false, resultText: String? = nil, structuredJSON: String? = nil,
        sessionID: String = "", numTurns: Int = 0, duration: Milliseconds = 0, durationAPI: Milliseconds = 0,
        totalCostUSD: Double = 0, costMicroUSD: UInt64 = 0, usage: Usage = Usage(), permissionDenials: [String] = [],
        terminalReason: String? = nil, apiErrorStatus: Int? = nil, errors: [String] = [], retries: Int = 0,
        lastRetryStatus: Int? = nil, lastWords: String = ""
    ) {
        self.subtype = subtype
        self.isError = isError
        self.resultText = resultText
        self.structuredJSON = structuredJSON
        self.sessionID = sessionID
        self.numTurns = numTurns
        self.duration = duration
        self.durationAPI = durationAPI
        self.totalCostUSD = totalCostUSD
        self.costMicroUSD = costMicroUSD
        self.usage = usage
        self.permissionDenials = permissionDenials
        self.terminalReason = terminalReason
        self.apiErrorStatus = apiErrorStatus
        self.errors = errors
        self.retries = retries
        self.lastRetryStatus = lastRetryStatus
        self.lastWords = lastWords
    }
}
