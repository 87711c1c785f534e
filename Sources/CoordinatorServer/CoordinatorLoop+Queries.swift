import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import ZeroMQ

/// Questions. What memory answers goes out with the turn it was computed in, so that nobody is told what is not on disk yet; what the
/// store answers is read on the query thread.
extension CoordinatorLoop {
    /// Rows of one page at most.
    static let pageRows = 1000
    /// Jobs of one answer at most.
    static let jobsAtMost = 1000

    func answer(_ reply: Ccorchestrator_V1_ClientReply, _ id: UInt64, _ route: RoutingID) throws {
        var reply = reply
        reply.requestID = id
        turnReplies.append(OutgoingReply(route: route, frame: try reply.serializedBytes()))
    }

    func jobs(_ query: Ccorchestrator_V1_GetJobs, _ id: UInt64, _ route: RoutingID) throws {
        var reply = Ccorchestrator_V1_ClientReply()
        let note = holds()
        if query.jobs.isEmpty {
            let limit = query.limit == 0 ? Self.jobsAtMost : min(Int(query.limit), Self.jobsAtMost)
            reply.jobs.jobs = core.newestJobs(limit: limit).map { summary($0, note: note) }
        } else {
            guard query.jobs.count <= Self.jobsAtMost else {
                throw WireError("at most \(Self.jobsAtMost) jobs at once")
            }
            // Those that there are: who asks for one sees that it is missing.
            reply.jobs.jobs = try query.jobs.compactMap { core.summary(of: try job($0)) }.map {
                summary($0, note: note)
            }
        }
        try answer(reply, id, route)
    }

    private func summary(_ job: JobSummary, note: String) -> Ccorchestrator_V1_JobSummary {
        var message = Ccorchestrator_V1_JobSummary()
        message.job = UInt64(job.id.rawValue)
        message.name = job.spec.name
        message.submitter = job.spec.submitter
        message.submittedAtMs = job.submittedAt.milliseconds
        message.finishedAtMs = job.finishedAt?.milliseconds ?? 0
        message.sealed = job.sealed
        message.tasks = job.counts.tasks
        message.queued = job.counts.queued + job.counts.backoff
        message.running = job.counts.running
        message.succeeded = job.counts.succeeded
        message.failed = job.counts.failed
        message.cancelled = job.counts.cancelled
        message.skipped = job.counts.skipped
        message.expired = job.counts.expired
        message.usage = job.usage.proto
        message.costMicrousd = job.costMicroUSD
        message.blocked = job.counts.blocked
        message.held = job.counts.held
        message.paused = job.switches.isPaused
        message.retried = job.retried
        message.budgetMicrousd = job.spec.budgetMicroUSD
        message.budgetTokens = job.spec.budgetTokens
        message.stopOnBudget = job.spec.onBudget == .stop
        if job.finishedAt == nil { message.note = self.note(of: job, otherwise: note) }
        return message
    }

    /// What keeps this job, else everything, from going on.
    private func note(of job: JobSummary, otherwise note: String) -> String {
        if core.isPaused { return "the queue is paused" }
        if job.switches.isPaused { return "paused" }
        if job.switches.isStopped {
            return "stopped: too many of its tasks failed, or a job that it waits for did, or its budget is used up"
        }
        if job.switches.isExpired { return "its deadline came" }
        if job.counts.held > 0, job.counts.queued + job.counts.running + job.counts.backoff == 0 {
            return "\(job.counts.held) tasks are held: `ccctl release \(job.id)`"
        }
        guard job.counts.queued > 0 else { return note }
        return core.budgetNote(of: job.id) ?? core.dayNote ?? note
    }

    /// Why nothing moves, if nothing can.
    private func holds() -> String {
        let agents = core.agentSummaries(at: clock.instant())
        let present = agents.filter { $0.state == .live || $0.state == .suspect || $0.state == .draining }
        if present.isEmpty { return "no agent is connected: start cc-agent" }
        let held = present.filter { $0.report.capacity == 0 && !$0.report.heldBecause.isEmpty }
        guard held.count == present.count, let first = held.first else { return "" }
        return "\(first.name): \(first.report.heldBecause)"
    }

    func agents(_ id: UInt64, _ route: RoutingID) throws {
        var reply = Ccorchestrator_V1_ClientReply()
        reply.agents.agents = core.agentSummaries(at: clock.instant()).map { agent in
            var message = Ccorchestrator_V1_AgentSummary()
            message.name = agent.name
            message.host = agent.host
            message.state = agent.state.rawValue
            message.capacity = agent.report.capacity
            message.running = UInt32(agent.running)
            message.instances = agent.report.instances
            message.busy = agent.report.busy
            message.outbox = agent.report.outbox
            message.version = agent.version
            message.claudeVersion = agent.claudeVersion
            message.succeeded = agent.succeeded
            message.failed = agent.failed
            message.heldBecause = agent.report.heldBecause
            message.residentBytes = agent.report.residentBytes
            message.lastHeardMsAgo = agent.silent.rawValue
            message.labels = agent.labels
            if agent.report.pool.limit > 0 { message.pool = agent.report.pool.proto }
            return message
        }
        try answer(reply, id, route)
    }

    func serverInfo(_ id: UInt64, _ route: RoutingID) throws {
        var reply = Ccorchestrator_V1_ClientReply()
        reply.serverInfo.version = Product.version
        reply.serverInfo.protocol = .current
        reply.serverInfo.store = core.storeID.rawValue
        reply.serverInfo.term = core.term
        reply.serverInfo.blobsEndpoint = blobsEndpoint
        reply.serverInfo.framesDropped = droppedFrames.count
        reply.serverInfo.jobs = UInt64(core.jobCount)
        reply.serverInfo.queued = UInt64(core.unfinishedTaskCount - core.openAttemptCount)
        reply.serverInfo.running = UInt64(core.openAttemptCount)
        reply.serverInfo.freeBytes = freeBytes
        reply.serverInfo.resultsSetAside = core.setAsideCount
        reply.serverInfo.commits = commits
        try answer(reply, id, route)
    }

    func tasks(_ query: Ccorchestrator_V1_GetTasks, _ id: UInt64, _ route: RoutingID) throws {
        let job = try job(query.job)
        guard core.summary(of: job) != nil else { throw WireError("there is no job \(job)") }
        let limit = query.limit == 0 ? Self.pageRows : min(Int(query.limit), Self.pageRows)
        let live = core.taskStates(of: job, from: query.firstIndex, count: limit)
        try ask(id, route) { store in
            let stored = try store.tasks(of: job, from: query.firstIndex, limit: limit + 1)
            var reply = Ccorchestrator_V1_ClientReply()
            var taken = 0
            var bytes = 0
            for task in stored.prefix(limit) {
                bytes += 384 + task.name.utf8.count + task.promptStart.utf8.count
                if taken > 0, bytes > Limits.frameFillBytes { break }
                taken += 1
            }
            reply.tasks.more = stored.count > taken
            reply.tasks.nextIndex = (stored.prefix(taken).last?.index).map { $0 + 1 } ?? query.firstIndex
            reply.tasks.tasks = stored.prefix(taken).map { task in
                let place = Int(task.index - query.firstIndex)
                return Self.taskSummary(task, live: live.indices.contains(place) ? live[place] : nil)
            }
            return reply
        }
    }

    private static func taskSummary(_ task: StoredTask, live: LiveTask?) -> Ccorchestrator_V1_TaskSummary {
        var message = Ccorchestrator_V1_TaskSummary()
        message.index = task.index
        message.name = task.name
        message.promptStart = task.promptStart
        message.state = (task.end ?? live?.state ?? .queued).name
        message.priority = UInt32((live?.priority ?? task.priority).rawValue)
        message.attempts = task.end == nil ? live?.attempts ?? 0 : task.attempts
        message.agent = task.end == nil ? live?.agent ?? "" : task.agent
        message.note = task.end == nil ? live?.note ?? "" : ""
        return message
    }

    func results(_ query: Ccorchestrator_V1_GetResults, _ id: UInt64, _ route: RoutingID) throws {
        let job = try job(query.job)
        guard core.summary(of: job) != nil else { throw WireError("there is no job \(job)") }
        let limit = query.limit == 0 ? Self.pageRows : min(Int(query.limit), Self.pageRows)
        try ask(id, route) { store in
            let page = try store.results(of: job, from: query.firstIndex, limit: limit, bytes: Limits.frameFillBytes)
            var reply = Ccorchestrator_V1_ClientReply()
            reply.results.more = page.more
            reply.results.nextIndex = (page.results.last?.task.index).map { $0 + 1 } ?? query.firstIndex
            reply.results.results = page.results.map { Self.taskResult($0) }
            return reply
        }
    }

    private static func taskResult(_ result: StoredResult) -> Ccorchestrator_V1_TaskResult {
        var message = Ccorchestrator_V1_TaskResult()
        message.job = UInt64(result.task.job.rawValue)
        message.index = result.task.index
        message.name = result.name
        message.state = result.state.endProto
        message.attempts = result.attempts
        message.agent = result.agent
        message.instance = result.instance
        if let answer = result.answer { message.answer = answer.proto }
        if let structured = result.structured { message.structured = structured.proto }
        if let failure = result.failure { message.error = failure.proto }
        message.usage = result.usage.proto
        message.costMicrousd = result.costMicroUSD
        message.sessionID = result.sessionID
        message.queuedAtMs = result.queuedAt.milliseconds
        message.startedAtMs = result.startedAt?.milliseconds ?? 0
        message.finishedAtMs = result.finishedAt.milliseconds
        message.input = result.input.proto
        if let workspace = result.workspace { message.workspace = workspace.proto }
        return message
    }

    /// Hands a question to the query thread.
    func ask(
        _ id: UInt64, _ route: RoutingID,
        _ read: @escaping @Sendable (SQLiteStore) throws -> Ccorchestrator_V1_ClientReply
    ) throws {
        let isTaken = queryThread.ask(
            QueryThread.Query(route: route) { store in
                var reply: Ccorchestrator_V1_ClientReply
                do {
                    reply = try read(store)
                } catch {
                    reply = Ccorchestrator_V1_ClientReply()
                    reply.failure.code = "store"
                    reply.failure.message = "\(error)"
                }
                reply.requestID = id
                // Our own message, of fields that are all set: it can always be written.
                return (try? reply.serializedBytes()) ?? []
            })
        guard !isTaken else { return }
        try send(
            OutgoingReply(
                route: route,
                frame: failure(id, "busy", "\(QueryThread.waitingAtMost) questions wait already: ask again in a moment")
            ))
    }
}
