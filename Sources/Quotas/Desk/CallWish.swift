import ClusterModel

/// A call to a service that somebody wants to make, before anything is known of what it will cost.
public struct CallWish: Hashable, Sendable {
    /// The holder's own number for it, never used twice while the holder lives.
    public var number: UInt64
    /// `claude`, `jira`, `github` …: the first part of its buckets' names.
    public var service: String
    /// `messages`, `count_tokens` or `other` of `claude`; elsewhere `read` or `write`.
    public var endpoint: String
    /// The model that it names; empty: none.
    public var model: String
    /// What kind of work it belongs to, such as its job's name: calls of one kind resemble each other.
    public var kind: String
    /// Bytes of its body.
    public var bodyBytes: Int64
    /// Tokens that it allows the answer; 0: it does not say.
    public var mostOutput: Int64
    /// Who goes first, and who may take a reserve.
    public var priority: Priority
    /// The task it is made for, packed; nil: none.
    public var task: UInt64?
    /// What it changes, where the service limits the changes of each by itself: Jira's issue. Empty: nothing of the kind.
    public var scope: String
    /// It makes what others are notified of: GitHub limits that by itself.
    public var createsContent: Bool

    /// Everything as given.
    public init(
        number: UInt64, service: String, endpoint: String, model: String = "", kind: String = "", bodyBytes: Int64 = 0,
        mostOutput: Int64 = 0, priority: Priority = .normal, task: UInt64? = nil, scope: String = "",
        createsContent: Bool = false
    ) {
        self.number = number
        self.service = service
        self.endpoint = endpoint
        self.model = model
        self.kind = kind
        self.bodyBytes = bodyBytes
        self.mostOutput = mostOutput
        self.priority = priority
        self.task = task
        self.scope = scope
        self.createsContent = createsContent
    }
}

/// What a call's holder is told. A call that waits is told later.
public enum CallAnswer: Hashable, Sendable {
    /// It may be made now.
    case granted
    /// It can never be made, and why.
    case refused(String)
}

/// An answer, and whose it is.
public struct CallNotice: Hashable, Sendable {
    /// Who asked.
    public var holder: UInt64
    /// For which of its calls.
    public var number: UInt64
    /// What it is told.
    public var answer: CallAnswer
    /// When it was decided; nil: that does not matter.
    var decidedAt: Instant?

    /// Everything as given.
    public init(holder: UInt64, number: UInt64, answer: CallAnswer) {
        self.holder = holder
        self.number = number
        self.answer = answer
    }
}
