import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import Trust
import ZeroMQ

extension CoordinatorLoop {
    /// A frame on the clients' socket.
    func clientMessage(_ incoming: Incoming) throws {
        guard let route = incoming.routingID, incoming.frames.count == 2, let payload = incoming.payload else {
            return drop("not one frame", from: incoming.routingID)
        }
        let request: Ccorchestrator_V1_ClientRequest
        do {
            request = try payload.withUnsafeBytes { try Ccorchestrator_V1_ClientRequest(serializedBytes: Data($0)) }
        } catch {
            return drop("not a request of a client", from: route)
        }
        guard let peer = ring.peer(incoming.userID) else {
            droppedFrames.drop("from a key that is not allowed")
            return try send(
                OutgoingReply(route: route, frame: failure(request.requestID, "forbidden", Permissions.notAllowed)))
        }
        if let mismatch = request.protocol.mismatch(with: "the client") {
            return try send(OutgoingReply(route: route, frame: failure(request.requestID, "protocol", mismatch)))
        }
        do {
            if let body = request.body, let objection = Permissions.objection(to: body, from: peer) {
                logger.warning("a request was refused", metadata: ["why": "\(objection)"])
                return try send(OutgoingReply(route: route, frame: failure(request.requestID, "forbidden", objection)))
            }
            try serve(request, route, peer)
        } catch let error as WireError {
            try send(OutgoingReply(route: route, frame: failure(request.requestID, "invalid", error.description)))
        }
    }

    private func serve(_ request: Ccorchestrator_V1_ClientRequest, _ route: RoutingID, _ peer: Peer) throws {
        let id = request.requestID
        switch request.body {
        case .submit(let submit): try self.submit(submit, id, route, peer)
        case .cancel(let cancel):
            core.cancelArrived(
                try job(cancel.job), indexes: cancel.indexes, reply: waiting(id, route), at: clock.now())
        case .getJobs(let query): try jobs(query, id, route)
        case .getAgents: try agents(id, route)
        case .getServerInfo: try serverInfo(id, route)
        case .getTasks(let query): try tasks(query, id, route)
        case .getResults(let query): try results(query, id, route)
        case .getWhy(let query): try why(query, id, route)
        case .getAttempts(let query): try attempts(query, id, route)
        case .getSetAside(let query): try setAside(query, id, route)
        case .control(let control) where control.verb == .recalculate: try recalculate(control, id, route)
        case .control(let control):
            core.controlArrived(try self.control(control), reply: waiting(id, route), at: clock.now())
        case .prune(let prune): try self.prune(prune, id, route)
        case .backup(let backup): try self.backup(backup, id, route)
        case .getQuotas: try quotas(id, route)
        case .changeQuota(let change):
            core.quotaChangeArrived(try quotaChange(change), reply: waiting(id, route), at: clock.now())
        case nil:
            throw WireError("this coordinator does not know the request: it is older than the client")
        }
    }

    /// What executes tasks, somewhere.
    static let runners = ["claude", "exec", "noop"]

    func waiting(_ request: UInt64, _ route: RoutingID) -> ReplyHandle {
        let handle = nextHandle
        nextHandle += 1
        waitingReplies[handle] = (route, request)
        return ReplyHandle(rawValue: handle)
    }

    func job(_ number: UInt64) throws -> JobID {
        guard let small = UInt32(exactly: number), small > 0 else { throw WireError("there is no job \(number)") }
        return JobID(rawValue: small)
    }

    private func submit(_ submit: Ccorchestrator_V1_Submit, _ id: UInt64, _ route: RoutingID, _ peer: Peer) throws {
        guard submit.submissionKey.count == 16 else { throw WireError("a submission's key has 16 bytes") }
        let key = submit.submissionKey.withUnsafeBytes { bytes in
            SubmissionKey(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
        guard submit.tasks.count <= Limits.tasksPerMessage else {
            throw WireError("a batch takes at most \(Limits.tasksPerMessage) tasks")
        }
        let options = try submit.options.map { row in
            let options = try TaskOptions(proto: row)
            guard Self.runners.contains(options.runner) else {
                throw WireError(
                    "there is no runner \"\(options.runner.prefix(64))\": use one of \(Self.runners.joined(separator: ", "))"
                )
            }
            return options
        }
        var spec = try JobSpec(proto: submit.spec)
        // Who has a key can't submit under another's name.
        if peer != KeyRing.local { spec.submitter = peer.name }
        core.submitArrived(
            SubmitBatch(
                key: key, job: submit.job == 0 ? nil : try job(submit.job),
                spec: spec,
                firstOptions: submit.firstOptions, options: options, firstIndex: submit.firstIndex,
                tasks: try submit.tasks.map { try TaskSpec(proto: $0) }, seal: submit.seal), reply: waiting(id, route),
            at: clock.now())
    }
}
