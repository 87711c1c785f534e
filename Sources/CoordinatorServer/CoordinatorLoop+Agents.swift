import ClusterModel
import ClusterWire
import CoordinatorCore
import Foundation
import Logging
import Trust
import ZeroMQ

extension CoordinatorLoop {
    /// A frame on the agents' socket.
    func agentMessage(_ incoming: Incoming) throws {
        guard let route = incoming.routingID, incoming.frames.count == 2, let payload = incoming.payload else {
            return drop("not one frame", from: incoming.routingID)
        }
        let message: Ccorchestrator_V1_AgentMessage
        do {
            message = try payload.withUnsafeBytes { try Ccorchestrator_V1_AgentMessage(serializedBytes: Data($0)) }
        } catch {
            return drop("not a message of an agent", from: route)
        }
        guard let peer = ring.peer(incoming.userID) else {
            droppedFrames.drop("from a key that is not allowed")
            return try refuse(route, code: "forbidden", message: Permissions.notAllowed, final: true)
        }
        do {
            try handle(message, from: route, peer, incoming.userID)
        } catch let error as WireError {
            drop(error.description, from: route)
        }
    }

    private func handle(
        _ message: Ccorchestrator_V1_AgentMessage, from route: RoutingID, _ peer: Peer, _ userID: String?
    ) throws {
        if case .hello(let hello) = message.body {
            if let objection = Self.objection(to: hello.name, from: peer) {
                return try refuse(route, code: "forbidden", message: objection, final: true)
            }
            return try greet(hello, route, userID)
        }
        guard let agent = agentOfRoute[route] else { return try introduceYourself(route) }
        switch message.body {
        case .heartbeat(let beat): try heartbeat(beat, from: agent, route)
        case .results(let results):
            core.agentWasHeard(agent, at: clock.instant())
            let now = clock.now()
            for result in results.results { core.resultArrived(try AttemptResult(proto: result), from: agent, at: now) }
        case .goodbye(let goodbye):
            core.agentLeft(agent, session: goodbye.session, at: clock.now())
            forget(route)
            logger.info("agent left", metadata: ["agent": "\(name(of: agent))"])
        case .permitRequests(let requests): try permitRequests(requests, from: agent)
        case .permitReports(let reports): try permitReports(reports, from: agent, route)
        case .hello, nil: throw WireError("an agent's message without a body")
        }
    }

    private func name(of agent: AgentIndex) -> String {
        let all = core.agentSummaries(at: clock.instant())
        return all.indices.contains(Int(agent.rawValue)) ? all[Int(agent.rawValue)].name : "?"
    }

    /// Why who holds this key may not be the agent of that name; nil: it may.
    private static func objection(to name: String, from peer: Peer) -> String? {
        if peer == KeyRing.local { return nil }
        guard peer.role == .agent else {
            return "the key of \(peer.name) has the role \(peer.role.rawValue): an agent needs one of role agent"
        }
        return peer.name == name
            ? nil : "the key is agent \(peer.name)'s, not \(name)'s: take its name, or a key of your own"
    }

    /// Forgets the connections of agents whose keys are not allowed any more: nothing is sent to them from now on.
    func checkKeys() {
        switch ring.refresh() {
        case .read(let allowed):
            logger.notice("the list of allowed keys was read again", metadata: ["keys": "\(allowed)"])
        case .unusable(let why):
            logger.error("the list of allowed keys can't be used: the one of before holds", metadata: ["why": "\(why)"])
        case nil: return
        }
        for (route, userID) in keyOfRoute where ring.peer(userID)?.role != .agent && userID != KeyRing.localID {
            if let agent = agentOfRoute[route] {
                logger.warning("an agent's key was revoked", metadata: ["agent": "\(name(of: agent))"])
            }
            forget(route)
        }
    }

    private func greet(_ hello: Ccorchestrator_V1_AgentHello, _ route: RoutingID, _ userID: String?) throws {
        if let mismatch = hello.protocol.mismatch(with: "agent \(hello.name)") {
            return try refuse(route, code: "protocol", message: mismatch, final: true)
        }
        guard !hello.name.isEmpty, hello.name.utf8.count <= Limits.nameBytes, hello.agentID != 0,
            hello.host.utf8.count <= Limits.nameBytes, hello.labels.count <= Limits.labelsPerAgent,
            hello.labels.allSatisfy({ $0.key.utf8.count + $0.value.utf8.count <= Limits.nameBytes })
        else { throw WireError("a hello without a usable name or id, or with labels over their limit") }
        let running = try hello.running.map { try AttemptToken(proto: $0) }
        let finished = try hello.finished.map { try AttemptToken(proto: $0) }
        let handle = RouteHandle(rawValue: nextHandle)
        nextHandle += 1
        unwelcomeRoutes[handle.rawValue] = route
        let outcome = core.agentIntroduced(
            AgentIntroduction(
                route: handle, id: AgentID(rawValue: hello.agentID), incarnation: hello.incarnation, name: hello.name,
                host: hello.host, version: hello.version, claudeVersion: hello.claudeVersion, capacity: hello.capacity,
                labels: hello.labels, runners: hello.runners, running: running, finished: finished,
                introduction: hello.introduction, isUnmetered: hello.isUnmetered),
            at: clock.now())
        if outcome != .refused { unwelcomeRoutes[handle.rawValue] = nil }
        guard case .welcomed(let agent, _) = outcome else { return }
        if let old = routeOfAgent[agent], old != route { forget(old) }
        agentOfRoute[route] = agent
        keyOfRoute[route] = userID
        routeOfAgent[agent] = route
        logger.info(
            "agent introduced",
            metadata: [
                "agent": "\(hello.name)", "host": "\(hello.host)", "capacity": "\(hello.capacity)",
                "running": "\(hello.running.count)", "finished": "\(hello.finished.count)",
            ])
    }

    private func heartbeat(_ beat: Ccorchestrator_V1_AgentHeartbeat, from agent: AgentIndex, _ route: RoutingID) throws
    {
        let isCurrent = core.heartbeatArrived(
            from: agent, session: beat.session,
            AgentReport(
                capacity: beat.capacity, instances: beat.instances, busy: beat.busy, outbox: beat.outbox,
                heldBecause: String(beat.heldBecause.unicodeScalars.prefix(Limits.sentenceCharacters)),
                residentBytes: beat.residentBytes, pool: try PoolSize(proto: beat.pool),
                apiRetries: beat.apiRetries.prefix(RetryLimits.kinds).map {
                    APIRetries(error: String($0.error.prefix(Limits.nameBytes / 4)), status: $0.status, count: $0.count)
                }), at: clock.instant())
        guard isCurrent else { return try introduceYourself(route) }
        var message = Ccorchestrator_V1_CoordinatorMessage()
        message.heartbeatAck.session = beat.session
        message.heartbeatAck.term = core.term
        try send(message, toAgentAt: route)
    }

    func forget(_ route: RoutingID) {
        keyOfRoute[route] = nil
        guard let agent = agentOfRoute.removeValue(forKey: route) else { return }
        if routeOfAgent[agent] == route { routeOfAgent[agent] = nil }
    }
}

/// What a heartbeat may tell of repeated calls.
private enum RetryLimits {
    /// Kinds of failures; more of them are not read.
    static let kinds = 64
}
