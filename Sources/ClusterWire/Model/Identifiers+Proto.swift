import ClusterModel

extension TaskID {
    /// Reads a task's id; throws when the job's number is beyond what a store gives out.
    public init(proto: Ccorchestrator_V1_TaskID) throws(WireError) {
        guard let job = UInt32(exactly: proto.job) else { throw WireError("job number \(proto.job) is out of range") }
        self.init(job: JobID(rawValue: job), index: proto.index)
    }
}

extension AttemptToken {
    /// Reads a token; throws when a number is out of range.
    public init(proto: Ccorchestrator_V1_AttemptToken) throws(WireError) {
        guard let job = UInt32(exactly: proto.job) else { throw WireError("job number \(proto.job) is out of range") }
        guard proto.attempt > 0 else { throw WireError("an attempt's number starts at 1") }
        self.init(
            store: StoreID(rawValue: proto.store), task: TaskID(job: JobID(rawValue: job), index: proto.index),
            attempt: proto.attempt)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_AttemptToken {
        var message = Ccorchestrator_V1_AttemptToken()
        message.store = store.rawValue
        message.job = UInt64(task.job.rawValue)
        message.index = task.index
        message.attempt = attempt
        return message
    }
}

extension Ccorchestrator_V1_ProtocolVersion {
    /// What this program speaks.
    public static var current: Self {
        var version = Self()
        version.major = WireProtocol.major
        version.minor = WireProtocol.minor
        return version
    }

    /// Nil when it can be spoken with, else the sentence for both sides. `who` names the other program.
    public func mismatch(with who: String) -> String? {
        guard major != WireProtocol.major else { return nil }
        return "\(who) speaks protocol \(major).\(minor), this \(WireProtocol.major).\(WireProtocol.minor): "
            + "install the same version of cc-orchestrator on both"
    }
}
