/// Why an attempt failed, which decides whether it is tried again.
public enum ErrorClass: String, Sendable, CaseIterable {
    /// The service said 429: the task waits and no attempt is burnt.
    case rateLimit = "rate_limit"
    /// The service said 529 (overloaded).
    case overloaded
    /// A 5xx, a broken connection, a stream cut short.
    case transient
    /// The task ran longer than its timeout.
    case timeout
    /// The instance ended, hung, or spoke nonsense.
    case crash
    /// Its agent was silent for a lease, or restarted without it.
    case lost
    /// The agent left before the task could end.
    case agentLeft = "agent_left"
    /// The credential was refused: the queue waits for a better one, no attempt is burnt.
    case auth
    /// A tool was denied and the work stopped there.
    case denied
    /// The answer never met its schema.
    case schema
    /// Its own caps (turns, budget) ended it.
    case cap
    /// A request that can't succeed: bad model, prompt too long, policy.
    case permanent
    /// The user ended it.
    case cancelled
    /// It crashed three instances: it is not given a fourth.
    case poison
    /// Something that it waited for did not succeed, or its job stopped.
    case dependency
    /// It did not start or end in time.
    case expired
    /// Its job's budget was used up before it could start.
    case budget

    /// Whether another attempt can help.
    public var isRetryable: Bool {
        switch self {
        case .rateLimit, .overloaded, .transient, .timeout, .crash, .lost, .agentLeft, .auth: true
        case .denied, .schema, .cap, .permanent, .cancelled, .poison, .dependency, .expired, .budget: false
        }
    }

    /// Whether the attempt counts against the task's limit.
    public var burnsAttempt: Bool {
        switch self {
        case .rateLimit, .overloaded, .lost, .agentLeft, .auth: false
        default: true
        }
    }
}

/// A failure as it is recorded: its class, a sentence, and what the instance said last.
public struct TaskFailure: Hashable, Sendable {
    /// An ``ErrorClass`` name, or one that a newer agent knows.
    public var errorClass: String
    /// A sentence for people.
    public var message: String
    /// The end of the stream and of standard error, at most 64 KiB.
    public var detail: String

    /// A failure of a class that this version knows.
    public init(_ errorClass: ErrorClass, _ message: String, detail: String = "") {
        self.init(className: errorClass.rawValue, message: message, detail: detail)
    }

    /// With a class name that came from elsewhere.
    public init(className: String, message: String, detail: String = "") {
        self.errorClass = className
        self.message = message
        self.detail = detail
    }

    /// The class, if this version knows it.
    public var known: ErrorClass? { ErrorClass(rawValue: errorClass) }
}
