import ClusterModel

/// All buckets, and how well costs are foretold.
public struct QuotaReport: Hashable, Sendable {
    /// In the order of the configuration; learned ones last.
    public var quotas: [QuotaSummary]
    /// By service and model.
    public var estimates: [QuotaEstimateSummary]
    /// Calls that instances' CLIs repeated by themselves, by what had failed.
    public var apiRetries: [APIRetriesSummary]
    /// Names of agents without a gateway: for them limits are kept on the average alone.
    public var unmeteredAgents: [String]

    /// With all its parts.
    public init(
        quotas: [QuotaSummary] = [], estimates: [QuotaEstimateSummary] = [], apiRetries: [APIRetriesSummary] = [],
        unmeteredAgents: [String] = []
    ) {
        self.quotas = quotas
        self.estimates = estimates
        self.apiRetries = apiRetries
        self.unmeteredAgents = unmeteredAgents
    }
}

/// Calls that CLIs repeated by themselves after one kind of failure.
public struct APIRetriesSummary: Hashable, Sendable {
    /// The CLI's word for it, such as `overloaded`.
    public var error: String
    /// Of HTTP; 0: it named none, as for a broken connection.
    public var status: UInt32
    /// How often.
    public var count: UInt64

    /// With all its parts.
    public init(error: String, status: UInt32, count: UInt64) {
        self.error = error
        self.status = status
        self.count = count
    }
}

/// One bucket: a limit of a service, and how much of it is left.
public struct QuotaSummary: Hashable, Sendable {
    /// Such as `claude.requests`.
    public var name: String
    /// As it is written: `60/min,burst=6,reserve=10%`.
    public var limit: String
    /// Whether it limits what is held, and not what is spent.
    public var isConcurrency = false
    /// The burst, or what may be held at once.
    public var most: Int64 = 0
    /// Of that: taken and not arrived again, or held.
    public var used: Int64 = 0
    /// What is left; negative: so much must arrive before anything is granted.
    public var remaining: Int64 = 0
    /// Of the most: for critical work alone.
    public var reserve: Int64 = 0
    /// Calls that wait and draw from it.
    public var waiting: UInt32 = 0
    /// How long nothing is granted, because the service asked to wait; nil: not parked.
    public var parkedFor: Milliseconds?
    /// Nil where what is held is limited.
    public var limitPerMinute: Int64?
    /// What was really spent.
    public var spentLastMinute: Int64 = 0
    /// Answers of 429.
    public var refusals: UInt64 = 0
    /// It only counts.
    public var isShadow = false
    /// What a shadow let pass and would have held.
    public var shadowOverruns: UInt64 = 0
    /// config, live, learned, default
    public var origin = ""
    /// Calls that have a permit.
    public var openCalls: UInt32 = 0
    /// A concurrency held lower while the service is overloaded.
    public var narrowedTo: Int64?
    /// Answers of 529 and 5xx, and streams that broke.
    public var overloads: UInt64 = 0
    /// The first few tasks whose calls wait, in the order of the line.
    public var waitingTasks: [String] = []
    /// A sentence: what holds its calls now, or that nothing does.
    public var explanation = ""
    /// Of a learned limit: since the service last named it; nil for others.
    public var learnedAgo: Milliseconds?

    /// A bucket that is full and has seen nothing.
    public init(name: String, limit: String) {
        self.name = name
        self.limit = limit
    }
}

/// How well a model's costs are foretold.
public struct QuotaEstimateSummary: Hashable, Sendable {
    /// Service and model.
    public var key: String
    /// Learned from so many.
    public var calls: UInt64
    /// Mean of |true - estimated| / true.
    public var inputErrorPercent: Int64
    /// Tokens that are taken ahead for an answer.
    public var output: Int64
    /// Calls whose answer was not longer than that.
    public var outputWithinPercent: UInt32
    /// Since the last call that it was learned from; nil: not told.
    public var learnedAgo: Milliseconds?

    /// With all its parts.
    public init(
        key: String, calls: UInt64, inputErrorPercent: Int64, output: Int64, outputWithinPercent: UInt32,
        learnedAgo: Milliseconds? = nil
    ) {
        self.key = key
        self.calls = calls
        self.inputErrorPercent = inputErrorPercent
        self.output = output
        self.outputWithinPercent = outputWithinPercent
        self.learnedAgo = learnedAgo
    }
}
