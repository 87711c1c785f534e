import ClusterModel
import ClusterWire

/// Reads a message's part, telling what is wrong with it as a failure.
func reading<Value>(_ read: () throws(WireError) -> Value) throws -> Value {
    do {
        return try read()
    } catch {
        throw CoordinatorFailure(code: .badReply, message: "the coordinator's answer can't be read: \(error)")
    }
}

extension JobID {
    init(wire: UInt64) throws(WireError) {
        guard let number = UInt32(exactly: wire) else { throw WireError("job number \(wire) is out of range") }
        self.init(rawValue: number)
    }
}

extension JobSummary {
    init(proto: Ccorchestrator_V1_JobSummary) throws(WireError) {
        self.init(
            job: try JobID(wire: proto.job), name: proto.name, submitter: proto.submitter,
            submittedAt: WallTime(milliseconds: proto.submittedAtMs),
            finishedAt: proto.finishedAtMs == 0 ? nil : WallTime(milliseconds: proto.finishedAtMs),
            sealed: proto.sealed,
            tasks: proto.tasks, queued: proto.queued, running: proto.running, succeeded: proto.succeeded,
            failed: proto.failed, cancelled: proto.cancelled, skipped: proto.skipped, expired: proto.expired,
            usage: Usage(proto: proto.usage), costMicroUSD: proto.costMicrousd, note: proto.note,
            blocked: proto.blocked, held: proto.held, isPaused: proto.paused, retried: proto.retried,
            budgetMicroUSD: proto.budgetMicrousd, budgetTokens: proto.budgetTokens,
            onBudget: proto.stopOnBudget ? .stop : .hold)
    }
}

extension TaskSummary {
    init(proto: Ccorchestrator_V1_TaskSummary) {
        self.init(
            index: proto.index, name: proto.name, state: proto.state, priority: proto.priority,
            attempts: proto.attempts,
            agent: proto.agent, promptStart: proto.promptStart, note: proto.note)
    }
}

extension TaskResult {
    init(proto: Ccorchestrator_V1_TaskResult) throws(WireError) {
        guard let state = TaskState(proto: proto.state) else { throw WireError("a result names no end state") }
        self.init(
            task: TaskID(job: try JobID(wire: proto.job), index: proto.index), name: proto.name, state: state,
            attempts: proto.attempts, agent: proto.agent, instance: proto.instance,
            answer: proto.hasAnswer ? try Content.from(proto: proto.answer) : nil,
            structured: proto.hasStructured ? try Content.from(proto: proto.structured) : nil,
            failure: proto.hasError ? TaskFailure(proto: proto.error) : nil, usage: Usage(proto: proto.usage),
            costMicroUSD: proto.costMicrousd, sessionID: proto.sessionID,
            queuedAt: WallTime(milliseconds: proto.queuedAtMs),
            startedAt: proto.startedAtMs == 0 ? nil : WallTime(milliseconds: proto.startedAtMs),
            finishedAt: WallTime(milliseconds: proto.finishedAtMs),
            input: proto.hasInput ? try Content.from(proto: proto.input) : nil,
            workspace: proto.hasWorkspace ? try WorkspaceOutcome(proto: proto.workspace) : nil)
    }
}

extension AgentSummary {
    init(proto: Ccorchestrator_V1_AgentSummary) {
        self.init(name: proto.name, state: proto.state)
        host = proto.host
        capacity = proto.capacity
        running = proto.running
        instances = proto.instances
        busy = proto.busy
        outbox = proto.outbox
        version = proto.version
        claudeVersion = proto.claudeVersion
        succeeded = proto.succeeded
        failed = proto.failed
        heldBecause = proto.heldBecause
        residentBytes = proto.residentBytes
        lastHeardAgo = Milliseconds(proto.lastHeardMsAgo)
        labels = proto.labels
        // One that breaks its limits is shown as if nothing had been said.
        do { pool = try PoolSize(proto: proto.pool) } catch { pool = PoolSize() }
    }
}

extension ServerSummary {
    init(proto: Ccorchestrator_V1_ServerInfo) {
        self.init(
            version: proto.version, protocolMajor: proto.protocol.major, protocolMinor: proto.protocol.minor,
            blobsEndpoint: proto.blobsEndpoint)
        store = StoreID(rawValue: proto.store)
        term = proto.term
        framesDropped = proto.framesDropped
        jobs = proto.jobs
        queued = proto.queued
        running = proto.running
        freeBytes = proto.freeBytes
        resultsSetAside = proto.resultsSetAside
        commits = proto.commits
    }
}

extension QuotaSummary {
    init(proto: Ccorchestrator_V1_QuotaView) {
        self.init(name: proto.name, limit: proto.limit)
        isConcurrency = proto.isConcurrency
        most = proto.most
        used = proto.used
        remaining = proto.remaining
        reserve = proto.reserve
        waiting = proto.waiting
        parkedFor = proto.hasParkedForMs ? Milliseconds(Int64(clamping: proto.parkedForMs)) : nil
        limitPerMinute = proto.hasLimitPerMinute ? proto.limitPerMinute : nil
        spentLastMinute = proto.spentLastMinute
        refusals = proto.refusals
        isShadow = proto.isShadow
        shadowOverruns = proto.shadowOverruns
        origin = proto.origin
        openCalls = proto.openCalls
        narrowedTo = proto.hasNarrowedTo ? proto.narrowedTo : nil
        overloads = proto.overloads
        waitingTasks = proto.waitingTasks
        explanation = proto.explanation
        learnedAgo = proto.hasLearnedMsAgo ? Milliseconds(Int64(clamping: proto.learnedMsAgo)) : nil
    }
}

extension QuotaEstimateSummary {
    init(proto: Ccorchestrator_V1_QuotaEstimate) {
        self.init(
            key: proto.key, calls: proto.calls, inputErrorPercent: proto.inputErrorPercent, output: proto.output,
            outputWithinPercent: proto.outputWithinPercent,
            learnedAgo: proto.hasLearnedMsAgo ? Milliseconds(Int64(clamping: proto.learnedMsAgo)) : nil)
    }
}
