import ClusterModel

/// Who lets calls go: the agent's side of the cluster's quotas.
///
/// Every call that a gateway sends to a service, a repeat of its own included, has a permit of its own. A granted call ends with exactly
/// one ``ended(_:_:)``.
public protocol CallPermits: Sendable {
    /// Waits until the call may be sent, however long. The task's clocks stand still meanwhile.
    ///
    /// - Throws: ``CallRefusal`` when it can never be made; `CancellationError` when the waiting task was cancelled: then nothing is held.
    func permit(for call: MeteredCall) async throws -> GrantedCall

    /// Waits before a call is repeated that the service could not serve (`tries` of them failed so far: 1, 2 …), with the task's clocks
    /// standing still. The repeat asks for a permit of its own after it.
    ///
    /// - Throws: `CancellationError` when the waiting task was cancelled.
    func backOff(after tries: Int, of call: MeteredCall) async throws

    /// What the call has used so far; each figure replaces the last.
    func progress(_ call: GrantedCall, _ usage: CallUsage)

    /// The call is over, or was never sent.
    func ended(_ call: GrantedCall, _ end: CallEnd)
}

/// A call that an instance wants to make.
public struct MeteredCall: Hashable, Sendable {
    /// The instance's name, as it was registered.
    public var instance: String
    /// `claude`, `jira`, `github` …: the first part of its buckets' names.
    public var service: String
    /// `messages` or `count_tokens` of `claude`; elsewhere `read` (GET, HEAD, OPTIONS) or `write`.
    public var endpoint: String
    /// The model that the body names; empty: none.
    public var model: String
    /// Bytes of the body.
    public var bodyBytes: Int
    /// Tokens that the body allows the answer (`max_tokens`); 0: it does not say.
    public var maxOutput: UInt64
    /// What it changes, where the service limits the changes of each by itself: Jira's issue. Empty: nothing of the kind.
    public var scope: String
    /// It makes what others are notified of: GitHub limits that by itself.
    public var createsContent: Bool

    /// Everything as given.
    public init(
        instance: String, service: String, endpoint: String, model: String = "", bodyBytes: Int, maxOutput: UInt64 = 0,
        scope: String = "", createsContent: Bool = false
    ) {
        self.instance = instance
        self.service = service
        self.endpoint = endpoint
        self.model = model
        self.bodyBytes = bodyBytes
        self.maxOutput = maxOutput
        self.scope = scope
        self.createsContent = createsContent
    }
}

/// A call that may be sent now.
public struct GrantedCall: Hashable, Sendable {
    /// Never the same twice in one process.
    public var number: UInt64
    /// The call of that number.
    public init(number: UInt64) { self.number = number }
}

/// A call can never be made.
public struct CallRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong and what to do.
    public var message: String
    /// With that sentence.
    public init(_ message: String) { self.message = message }
    /// The sentence.
    public var description: String { message }
}

/// Tokens of one call.
public struct CallUsage: Hashable, Sendable {
    /// As they count against the service's limit: read and written to the cache, but not read from it. Nil: not known yet.
    public var input: UInt64?
    /// Written by the model. Nil: not known yet.
    public var output: UInt64?
    /// Read from the cache: free of the limit.
    public var cacheRead: UInt64
    /// Of the input: written to the cache.
    public var cacheCreation: UInt64

    /// Everything as given.
    public init(input: UInt64? = nil, output: UInt64? = nil, cacheRead: UInt64 = 0, cacheCreation: UInt64 = 0) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheCreation = cacheCreation
    }
}

/// How a granted call ended.
public enum CallEnd: Hashable, Sendable {
    /// It was not sent: its permit is given back.
    case unsent
    /// It was sent.
    case sent(CallReport)
}

/// What came of a call that was sent.
public struct CallReport: Hashable, Sendable {
    /// Of HTTP; nil: no answer came.
    public var status: Int?
    /// The connection broke before the answer's end.
    public var isCut: Bool
    /// Tokens, as far as the answer told them.
    public var usage: CallUsage
    /// How long ago the call was sent.
    public var sentAgo: Milliseconds
    /// `retry-after`, or what stands for it with this service; nil: the answer has none.
    public var retryAfter: Milliseconds?
    /// The service's own name for what was wrong, such as `rate_limit_error`; empty: nothing was.
    public var errorType: String
    /// What the answer's headers said of the service's limits.
    public var words: [ServiceWord]

    /// Everything as given.
    public init(
        status: Int?, isCut: Bool = false, usage: CallUsage = CallUsage(), sentAgo: Milliseconds,
        retryAfter: Milliseconds? = nil, errorType: String = "", words: [ServiceWord] = []
    ) {
        self.status = status
        self.isCut = isCut
        self.usage = usage
        self.sentAgo = sentAgo
        self.retryAfter = retryAfter
        self.errorType = errorType
        self.words = words
    }
}

/// What a service said of one of its limits.
public struct ServiceWord: Hashable, Sendable {
    /// The rest of the bucket's name: `requests`, `input_tokens`, `output_tokens` …
    public var limit: String
    /// The limit itself, as the header has it.
    public var amount: UInt64?
    /// What was left of it.
    public var remaining: UInt64?
    /// ``remaining`` may be off by half of it; 1: exact.
    public var roundedTo: UInt64
    /// From the answer on, until all of it is there again.
    public var fullIn: Milliseconds?

    /// Everything as given.
    public init(
        limit: String, amount: UInt64? = nil, remaining: UInt64? = nil, roundedTo: UInt64 = 1,
        fullIn: Milliseconds? = nil
    ) {
        self.limit = limit
        self.amount = amount
        self.remaining = remaining
        self.roundedTo = roundedTo
        self.fullIn = fullIn
    }
}
