import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import ZeroMQ

/// Requests that change how work goes on, or what is kept of it.
extension CoordinatorLoop {
    func control(_ message: Ccorchestrator_V1_Control) throws -> Control {
        guard message.indexes.count <= Limits.tasksPerControl else {
            throw WireError("a control request names at most \(Limits.tasksPerControl) tasks")
        }
        switch message.verb {
        case .pause: return .pause(message.job == 0 ? nil : try job(message.job))
        case .resume: return .resume(message.job == 0 ? nil : try job(message.job))
        case .hold: return .hold(try selection(message))
        case .release: return .release(try selection(message))
        case .retry: return .retry(try selection(message))
        case .prioritize:
            guard let priority = Priority(rawValue: Int(message.priority)) else {
                throw WireError("priority \(message.priority) is not within 0 to 9")
            }
            return .prioritize(try selection(message), priority)
        case .budget:
            return .budget(
                try job(message.job), microUSD: message.hasBudgetMicrousd ? message.budgetMicrousd : nil,
                tokens: message.hasBudgetTokens ? message.budgetTokens : nil)
        case .drain: return .drain(agent: message.agent)
        case .undrain: return .undrain(agent: message.agent)
        case .recalculate: preconditionFailure("recalculate goes to the agents, not to the core")
        case .unspecified, .UNRECOGNIZED:
            throw WireError("this coordinator does not know the control verb: it is older than the client")
        }
    }

    /// Tells agents to look at their hosts. It is no change of the queue: nothing of it is recorded.
    func recalculate(_ message: Ccorchestrator_V1_Control, _ id: UInt64, _ route: RoutingID) throws {
        let agents = core.agentSummaries(at: clock.instant())
        var told: UInt32 = 0
        for (place, agent) in agents.enumerated() where message.agent.isEmpty || agent.name == message.agent {
            guard let index = Int32(exactly: place).map(AgentIndex.init(rawValue:)), routeOfAgent[index] != nil else {
                continue
            }
            var order = Ccorchestrator_V1_CoordinatorMessage()
            order.recalculate = Ccorchestrator_V1_Recalculate()
            try send(order, to: index)
            told += 1
        }
        guard told > 0 || message.agent.isEmpty else {
            throw WireError(
                "no agent named \(message.agent.prefix(Limits.nameBytes)) is connected: `ccctl agents` lists them")
        }
        var reply = Ccorchestrator_V1_ClientReply()
        reply.controlled.changed = told
        try answer(reply, id, route)
    }

    private func selection(_ message: Ccorchestrator_V1_Control) throws -> TaskSelection {
        TaskSelection(job: try job(message.job), indexes: message.indexes)
    }

    func prune(_ message: Ccorchestrator_V1_Prune, _ id: UInt64, _ route: RoutingID) throws {
        guard message.jobs.count <= Self.jobsAtMost else { throw WireError("at most \(Self.jobsAtMost) jobs at once") }
        guard message.olderThanMs <= 100 * 366 * 86_400_000 else {
            throw WireError("nothing is older than a hundred years")
        }
        var jobs: [JobID] = []
        for number in message.jobs { jobs.append(try job(number)) }
        core.pruneArrived(
            jobs: jobs, olderThan: jobs.isEmpty ? Milliseconds(Int64(message.olderThanMs)) : nil,
            dryRun: message.dryRun, reply: waiting(id, route), at: clock.now())
    }

    /// Reads a finished job whole, away from the loop; the answer comes back as mail.
    func reload(_ job: JobID) {
        let isTaken = queryThread.run { [mailbox] store in
            let found: Result<PreparedJob?, StoreError>
            do { found = .success(try store.recoverJob(job).map { PreparedJob($0) }) } catch {
                found = .failure(error as? StoreError ?? StoreError(.broken, "\(error)"))
            }
            _ = mailbox.post(.reloaded(job, Handover(found)))
        }
        if !isTaken { core.jobReloaded(job, nil, at: clock.now()) }
    }

    func reloaded(_ job: JobID, _ handover: Handover<Result<PreparedJob?, StoreError>>) {
        // Taken apart in one step, so that the job has one owner.
        var prepared: PreparedJob?
        do { prepared = try handover.take()?.get() } catch {
            logger.error("a finished job can't be read", metadata: ["job": "\(job)", "error": "\(error)"])
        }
        core.jobReloaded(job, prepared: &prepared, at: clock.now())
    }

    /// Copies the store as of now, away from the loop and from the questions. A request that is repeated while the first is under way, or
    /// after it, is answered as the first was.
    func backup(_ message: Ccorchestrator_V1_Backup, _ id: UInt64, _ route: RoutingID) throws {
        guard message.directory.hasPrefix("/"), message.directory.utf8.count <= 4096 else {
            throw WireError("a backup goes into a new directory of the coordinator's host: give its absolute path")
        }
        let isTaken = backups.begin(
            to: message.directory, store: store, at: clock.now().wall,
            answer: { [mailbox] report in
                var reply = Ccorchestrator_V1_ClientReply()
                reply.requestID = id
                switch report {
                case .success(let report):
                    reply.backedUp.bytes = report.bytes
                    reply.backedUp.blobs = UInt64(report.blobs)
                case .failure(let error):
                    reply.failure.code = error.code.name
                    reply.failure.message = error.description
                }
                // Our own message, of fields that are all set: it can always be written.
                let frame: [UInt8] = (try? reply.serializedBytes()) ?? []
                _ = mailbox.post(.answer(OutgoingReply(route: route, frame: frame)))
            })
        guard !isTaken else { return }
        try send(
            OutgoingReply(
                route: route, frame: failure(id, "busy", "another backup is under way: wait until it has ended")))
    }
}
