import ClusterModel

/// One batch of a submit, checked for shape by the shell.
public struct SubmitBatch: Sendable {
    public var key: SubmissionKey
    /// Nil: the job that the key names, made if there is none.
    public var job: JobID?
    public var spec: JobSpec
    public var firstOptions: UInt32
    public var options: [TaskOptions]
    public var firstIndex: UInt32
    public var tasks: [TaskSpec]
    public var seal: Bool

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

/// How an agent introduces itself.
public struct AgentIntroduction: Sendable {
    public var route: RouteHandle
    public var id: AgentID
    public var incarnation: UInt64
    public var name: String
    public var host: String
    public var version: String
    public var claudeVersion: String
    public var capacity: UInt32
    public var labels: [String: String]
    public var running: [AttemptToken]
    public var finished: [AttemptToken]
    public var introduction: UInt64

    public init(
        route: RouteHandle, id: AgentID, incarnation: UInt64, name: String, host: String = "", version: String = "",
        claudeVersion: String = "", capacity: UInt32, labels: [String: String] = [:], running: [AttemptToken] = [],
        finished: [AttemptToken] = [], introduction: UInt64 = 0
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
        self.running = running
        self.finished = finished
        self.introduction = introduction
    }
}

/// What a heartbeat tells.
public struct AgentReport: Sendable {
    public var capacity: UInt32
    public var instances: UInt32
    public var busy: UInt32
    public var outbox: UInt32
    public var heldBecause: String
    public var residentBytes: UInt64

    public init(
        capacity: UInt32, instances: UInt32 = 0, busy: UInt32 = 0, outbox: UInt32 = 0, heldBecause: String = "",
        residentBytes: UInt64 = 0
    ) {
        self.capacity = capacity
        self.instances = instances
        self.busy = busy
        self.outbox = outbox
        self.heldBecause = heldBecause
        self.residentBytes = residentBytes
    }
}
