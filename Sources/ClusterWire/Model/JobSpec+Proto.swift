import ClusterModel

extension JobSpec {
    /// Reads a job; throws for a value out of its range or over its limit, in words.
    public init(proto: Ccorchestrator_V1_JobSpec) throws(WireError) {
        guard proto.name.utf8.count <= Limits.nameBytes, proto.submitter.utf8.count <= Limits.nameBytes else {
            throw WireError("a job's name is over the limit of \(Limits.nameBytes) bytes")
        }
        var distribution = Distribution.hybrid
        if !proto.distribution.isEmpty {
            guard let known = Distribution(rawValue: proto.distribution) else {
                let names = Distribution.allCases.map(\.rawValue).joined(separator: ", ")
                throw WireError("there is no distribution \"\(proto.distribution.prefix(64))\": use one of \(names)")
            }
            distribution = known
        }
        guard proto.weight <= 1000 else { throw WireError("a job's weight of \(proto.weight) is not within 1 to 1000") }
        guard proto.after.count <= Limits.linksPerJob else {
            throw WireError("a job waits for \(proto.after.count) others: \(Limits.linksPerJob) at most")
        }
        var after: [JobLink] = []
        for link in proto.after {
            guard let number = UInt32(exactly: link.job), number > 0 else {
                throw WireError("there is no job \(link.job) to wait for")
            }
            after.append(JobLink(job: JobID(rawValue: number), condition: link.anyEnd ? .end : .success))
        }
        self.init(
            name: proto.name, submitter: proto.submitter.isEmpty ? "local" : proto.submitter,
            distribution: distribution, placement: proto.pack ? .pack : .spread,
            weight: proto.weight == 0 ? JobSpec.usualWeight : proto.weight, maxParallel: proto.maxParallel,
            deadline: proto.deadlineMs == 0 ? nil : WallTime(milliseconds: proto.deadlineMs),
            isPaused: proto.paused, continuesOnFailure: proto.continueOnFailure,
            failuresAtMost: proto.hasFailuresAtMost ? proto.failuresAtMost : nil, after: after,
            budgetMicroUSD: proto.budgetMicrousd, budgetTokens: proto.budgetTokens,
            onBudget: proto.stopOnBudget ? .stop : .hold)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_JobSpec {
        var message = Ccorchestrator_V1_JobSpec()
        message.name = name
        message.submitter = submitter
        message.distribution = distribution.rawValue
        message.pack = placement == .pack
        message.weight = weight
        message.maxParallel = maxParallel
        message.deadlineMs = deadline?.milliseconds ?? 0
        message.paused = isPaused
        message.continueOnFailure = continuesOnFailure
        if let failuresAtMost { message.failuresAtMost = failuresAtMost }
        message.budgetMicrousd = budgetMicroUSD
        message.budgetTokens = budgetTokens
        message.stopOnBudget = onBudget == .stop
        message.after = after.map { link in
            var message = Ccorchestrator_V1_JobLink()
            message.job = UInt64(link.job.rawValue)
            message.anyEnd = link.condition == .end
            return message
        }
        return message
    }
}
