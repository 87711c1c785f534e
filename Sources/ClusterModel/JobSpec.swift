/// What a user submits for a job as a whole.
public struct JobSpec: Hashable, Sendable {
    /// What the user calls it; may be empty, and need not be unique.
    public var name: String
    /// Who submitted it: the name bound to the client's key, or `local` on loopback.
    public var submitter: String
    /// How its tasks are spread over agents.
    public var distribution: Distribution
    /// Whether agents are filled one after the other or evenly.
    public var placement: Placement
    /// Its share beside other jobs of the same priority, 1 to 1000; 10 is the usual one.
    public var weight: UInt32
    /// Attempts at once; 0: no limit.
    public var maxParallel: UInt32
    /// What has not ended by then is ended as expired; nil: never.
    public var deadline: WallTime?
    /// Nothing starts until it is resumed.
    public var isPaused: Bool
    /// Tasks that wait for a success start after a failure, too; else they are skipped.
    public var continuesOnFailure: Bool
    /// With one failed task more, what has not started is skipped; nil: no limit, 0: the first failure stops the job.
    public var failuresAtMost: UInt32?
    /// Jobs that it waits for; they have lower numbers.
    public var after: [JobLink]
    /// What all its attempts together may cost, in millionths of a dollar; 0: no limit.
    public var budgetMicroUSD: UInt64
    /// Tokens that all its attempts together may take, of every kind; 0: no limit.
    public var budgetTokens: UInt64
    /// What becomes of it when a budget is used up.
    public var onBudget: OnBudget

    /// The share of a job that names none.
    public static let usualWeight: UInt32 = 10

    /// A nameless job from loopback, but for what is given.
    public init(
        name: String = "", submitter: String = "local", distribution: Distribution = .hybrid,
        placement: Placement = .spread, weight: UInt32 = JobSpec.usualWeight, maxParallel: UInt32 = 0,
        deadline: WallTime? = nil, isPaused: Bool = false, continuesOnFailure: Bool = false,
        failuresAtMost: UInt32? = nil, after: [JobLink] = [], budgetMicroUSD: UInt64 = 0, budgetTokens: UInt64 = 0,
        onBudget: OnBudget = .hold
    ) {
        self.name = name
        self.submitter = submitter
        self.distribution = distribution
        self.placement = placement
        self.weight = weight
        self.maxParallel = maxParallel
        self.deadline = deadline
        self.isPaused = isPaused
        self.continuesOnFailure = continuesOnFailure
        self.failuresAtMost = failuresAtMost
        self.after = after
        self.budgetMicroUSD = budgetMicroUSD
        self.budgetTokens = budgetTokens
        self.onBudget = onBudget
    }

    /// Whether there is a limit to what it may spend.
    public var hasBudget: Bool { budgetMicroUSD > 0 || budgetTokens > 0 }
}

/// What becomes of a job whose budget is used up.
public enum OnBudget: String, Sendable, CaseIterable {
    /// What has not started waits until the budget is raised.
    case hold
    /// What has not started is skipped.
    case stop
}

/// Another job that a job waits for.
public struct JobLink: Hashable, Sendable {
    /// The other job.
    public var job: JobID
    /// Success: every one of its tasks succeeded.
    public var condition: LinkCondition

    /// Waits for the job to succeed unless it is said otherwise.
    public init(job: JobID, condition: LinkCondition = .success) {
        self.job = job
        self.condition = condition
    }
}

/// How a job's tasks are spread over the agents that have room and fit.
public enum Distribution: String, Sendable, CaseIterable {
    /// One agent after the other.
    case roundRobin = "round-robin"
    /// The agent with the lowest share of its capacity in use.
    case leastLoaded = "least-loaded"
    /// The agent that ran the context's last turn, else the least loaded.
    case contextAware = "context-aware"
    /// The agent with the most free places, so that what matters most never queues behind other work.
    case priority
    /// Affinity first, then load, then measured speed.
    case hybrid
}

/// Which of the agents that fit is filled first.
public enum Placement: String, Sendable, CaseIterable {
    /// Evenly.
    case spread
    /// One after the other, so that few agents are needed.
    case pack
}
