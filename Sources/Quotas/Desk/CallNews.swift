import ClusterModel

/// What a holder tells of a call.
public struct CallNews: Hashable, Sendable {
    /// How far it has come.
    public enum Stage: Hashable, Sendable {
        /// It goes on: usage so far.
        case goesOn
        /// It is not wanted any more, or was granted and not sent.
        case withdrawn
        /// It was sent, and is over.
        case ended
    }

    /// How far it has come.
    public var stage: Stage
    /// Of HTTP; 0: no answer came.
    public var status: Int
    /// The connection broke before the answer's end.
    public var isCut: Bool
    /// Tokens as they count against the limit; nil: not told.
    public var input: Int64?
    /// Tokens that the model wrote; nil: not told.
    public var output: Int64?
    /// Of the input: tokens that were written to the cache.
    public var cacheCreation: Int64 = 0
    /// Tokens that were read from the cache, beside the input.
    public var cacheRead: Int64 = 0
    /// How long ago the call was sent.
    public var sentAgo: Milliseconds
    /// How long the service asked to wait; nil: it did not.
    public var retryAfter: Milliseconds?
    /// The service's own name for what was wrong; empty: nothing was.
    public var errorType: String
    /// What it said of its limits.
    public var words: [LimitWord]

    /// Everything as given.
    public init(
        _ stage: Stage, status: Int = 0, isCut: Bool = false, input: Int64? = nil, output: Int64? = nil,
        sentAgo: Milliseconds = 0, retryAfter: Milliseconds? = nil, errorType: String = "", words: [LimitWord] = []
    ) {
        self.stage = stage
        self.status = status
        self.isCut = isCut
        self.input = input
        self.output = output
        self.sentAgo = sentAgo
        self.retryAfter = retryAfter
        self.errorType = errorType
        self.words = words
    }
}

extension CallNews {
    /// With numbers that can be reckoned with: what an answer says may be nonsense.
    public var sane: CallNews {
        var news = self
        news.input = Self.sane(input)
        news.output = Self.sane(output)
        news.cacheCreation = min(max(0, cacheCreation), news.input ?? 0)
        news.cacheRead = Self.sane(cacheRead) ?? 0
        news.retryAfter = Self.sane(retryAfter)
        for place in news.words.indices {
            news.words[place].remaining = Self.sane(words[place].remaining)
            news.words[place].roundedTo = min(max(1, words[place].roundedTo), QuotaLimits.amount)
            news.words[place].fullIn = Self.sane(words[place].fullIn)
        }
        return news
    }

    private static func sane(_ amount: Int64?) -> Int64? { amount.map { min(max(0, $0), QuotaLimits.amount) } }
    private static func sane(_ time: Milliseconds?) -> Milliseconds? {
        time.map { min(max(0, $0), QuotaLimits.window) }
    }
}

/// What a service said of one of its limits.
public struct LimitWord: Hashable, Sendable {
    /// The second part of the bucket's name: `requests`, `input_tokens` …
    public var limit: String
    /// The limit for a minute.
    public var amount: Int64?
    /// What was left of it.
    public var remaining: Int64?
    /// ``remaining`` may be off by half of it; 1: exact.
    public var roundedTo: Int64
    /// How long until all of it is there again, from the answer on.
    public var fullIn: Milliseconds?

    /// Everything as given.
    public init(
        limit: String, amount: Int64? = nil, remaining: Int64? = nil, roundedTo: Int64 = 1, fullIn: Milliseconds? = nil
    ) {
        self.limit = limit
        self.amount = amount
        self.remaining = remaining
        self.roundedTo = roundedTo
        self.fullIn = fullIn
    }
}
