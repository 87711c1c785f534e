import ClusterModel

/// One batch of a submit, checked for shape by the shell.
public struct SubmitBatch: Sendable {
    /// The same in every batch of one submit: it finds the job.
    public var key: SubmissionKey
    /// Nil: the job that the key names, made if there is none.
    public var job: JobID?
    /// What the job is called and whose it is; looked at in the first batch only.
    public var spec: JobSpec
    /// The job's row at which ``options`` begin: rows that are there already are passed over.
    public var firstOptions: UInt32
    /// Rows for the job's table; may be empty.
    public var options: [TaskOptions]
    /// The job's place at which ``tasks`` begin: tasks that are there already are passed over.
    public var firstIndex: UInt32
    /// In the job's order; may be empty.
    public var tasks: [TaskSpec]
    /// Whether the job is whole with this batch.
    public var seal: Bool

    /// An empty batch of a new job, but for what is given.
    public init(
        key: SubmissionKey, job: JobID? = nil, spec: JobSpec = JobSpec(), firstOptions: UInt32 = 0,
        options: [TaskOptions] = [],
        firstIndex: UInt32 = 0, tasks: [TaskSpec] = [], seal: Bool = false
    ) {
        self.key = key
        self.job = job
        self.spec = spec
        self.firstOptions = firstOptions
        self.options = options
        self.firstIndex = firstIndex
        self.tasks = tasks
        self.seal = seal
    }
}

/// Some tasks of a job, or all of them.
public struct TaskSelection: Hashable, Sendable {
    /// The job.
    public var job: JobID
    /// Places in it; empty: all that the verb fits.
    public var indexes: [UInt32]

    /// Everything as given.
    public init(job: JobID, indexes: [UInt32] = []) {
        self.job = job
        self.indexes = indexes
    }
}

/// What a user may do to work that is there.
public enum Control: Sendable {
    /// Nothing of the job starts; nil: nothing at all does. What runs goes on.
    case pause(JobID?)
    case resume(JobID?)
    /// What waits, waits for a person from now on.
    case hold(TaskSelection)
    case release(TaskSelection)
    /// What failed, was skipped or expired is tried again.
    case retry(TaskSelection)
    case prioritize(TaskSelection, Priority)
    /// What the job may spend from now on: millionths of a dollar, tokens; 0: without limit; nil: as before.
    case budget(JobID, microUSD: UInt64?, tokens: UInt64?)
    /// The agent of that name gets no new work.
    case drain(agent: String)
    case undrain(agent: String)
}

/// How an agent introduces itself.
public struct AgentIntroduction: Sendable {
    /// The connection that it came by; a refusal goes there.
    public var route: RouteHandle
    /// The same as long as its state directory lives.
    public var id: AgentID
    /// Drawn anew at each start of its program.
    public var incarnation: UInt64
    /// What its operator calls it; refused while another live agent has it.
    public var name: String
    /// The machine it runs on, as it names it.
    public var host: String
    /// Its program's version.
    public var version: String
    /// What its `claude --version` gives; empty when it does not say.
    public var claudeVersion: String
    /// Attempts it will hold at once.
    public var capacity: UInt32
    /// What its operator says of it, by name.
    public var labels: [String: String]
    /// What it can execute: `claude`, `exec` …; empty: `claude`, as agents before they named it.
    public var runners: [String]
    /// Attempts that it holds, started or not.
    public var running: [AttemptToken]
    /// Attempts whose results lie in its outbox, not acknowledged.
    public var finished: [AttemptToken]
    /// Its program's own count of hellos; the welcome repeats it.
    public var introduction: UInt64
    /// It has no gateway: its instances' calls ask for no permits.
    public var isUnmetered: Bool

    /// An agent that holds nothing, but for what is given.
    public init(
        route: RouteHandle, id: AgentID, incarnation: UInt64, name: String, host: String = "", version: String = "",
        claudeVersion: String = "", capacity: UInt32, labels: [String: String] = [:], runners: [String] = ["claude"],
        running: [AttemptToken] = [],
        finished: [AttemptToken] = [], introduction: UInt64 = 0, isUnmetered: Bool = false
    ) {
        self.route = route
        self.id = id
        self.incarnation = incarnation
        self.name = name
        self.host = host
        self.version = version
        self.claudeVersion = claudeVersion
        self.capacity = capacity
        self.labels = labels
        self.runners = runners.isEmpty ? ["claude"] : runners
        self.running = running
        self.finished = finished
        self.introduction = introduction
        self.isUnmetered = isUnmetered
    }
}

/// What a heartbeat tells.
public struct AgentReport: Sendable {
    /// Attempts it will hold at once from now on; 0 while it takes no work.
    public var capacity: UInt32
    /// `claude` processes that it has, idle ones included.
    public var instances: UInt32
    /// Of them, those with a turn.
    public var busy: UInt32
    /// Results in its outbox that are not acknowledged.
    public var outbox: UInt32
    /// Why ``capacity`` is lowered, in words; empty: it is not.
    public var heldBecause: String
    /// Resident memory of its `claude` processes together, in bytes, as last measured.
    public var residentBytes: UInt64
    /// How many instances it may have, and what became of them.
    public var pool: PoolSize
    /// Calls that its instances' CLIs repeated by themselves, since its program started.
    public var apiRetries: [APIRetries]

    /// An idle agent without instances, but for what is given.
    public init(
        capacity: UInt32, instances: UInt32 = 0, busy: UInt32 = 0, outbox: UInt32 = 0, heldBecause: String = "",
        residentBytes: UInt64 = 0, pool: PoolSize = PoolSize(), apiRetries: [APIRetries] = []
    ) {
        self.capacity = capacity
        self.instances = instances
        self.busy = busy
        self.outbox = outbox
        self.heldBecause = heldBecause
        self.residentBytes = residentBytes
        self.pool = pool
        self.apiRetries = apiRetries
    }
}

/// Calls that CLIs repeated by themselves after one kind of failure.
public struct APIRetries: Hashable, Sendable {
    /// The CLI's word for it, such as `overloaded`.
    public var error: String
    /// Of HTTP; 0: it named none.
    public var status: UInt32
    /// How often.
    public var count: UInt64

    /// Everything as given.
    public init(error: String, status: UInt32, count: UInt64) {
        self.error = error
        self.status = status
        self.count = count
    }
}
