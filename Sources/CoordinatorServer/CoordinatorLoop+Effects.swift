import ClusterModel
import ClusterWire
import CoordinatorCore
import Foundation
import Logging
import ZeroMQ

extension CoordinatorLoop {
    /// Carries out one effect of a turn that is on disk.
    func perform(_ effect: Effect, prompts: [TaskID: Content]) throws {
        switch effect {
        case .reply(let handle, let reply):
            guard let waiting = waitingReplies.removeValue(forKey: handle.rawValue) else { return }
            try send(OutgoingReply(route: waiting.route, frame: frame(for: reply, request: waiting.request)))
        case .welcome(let agent, let welcome): try send(welcome, to: agent)
        case .refuse(let handle, let refusal):
            guard let route = unwelcomeRoutes.removeValue(forKey: handle.rawValue) else { return }
            try refuse(route, code: refusal.code, message: refusal.message, final: refusal.final)
        case .assign(let agent, let orders): try assign(orders, to: agent, prompts: prompts)
        case .acknowledge(let agent, let tokens):
            for chunk in tokens.chunks(of: Limits.tasksPerMessage) {
                var message = Ccorchestrator_V1_CoordinatorMessage()
                message.resultAck.tokens = chunk.map(\.proto)
                try send(message, to: agent)
            }
        case .reload(let job): reload(job)
        case .cancel(let agent, let tokens):
            for chunk in tokens.chunks(of: Limits.tasksPerMessage) {
                var message = Ccorchestrator_V1_CoordinatorMessage()
                message.cancel.session = core.session(of: agent)
                message.cancel.tokens = chunk.map(\.proto)
                try send(message, to: agent)
            }
        }
    }

    private func send(_ welcome: Welcome, to agent: AgentIndex) throws {
        var message = Ccorchestrator_V1_CoordinatorMessage()
        message.welcome.protocol = .current
        message.welcome.version = Product.version
        message.welcome.store = core.storeID.rawValue
        message.welcome.term = core.term
        message.welcome.session = welcome.session
        message.welcome.introduction = welcome.introduction
        message.welcome.leaseMs = UInt32(clamping: settings.lease.rawValue)
        message.welcome.heartbeatMs = UInt32(clamping: settings.heartbeat.rawValue)
        message.welcome.abandon = welcome.abandon.map(\.proto)
        message.welcome.blobsEndpoint = blobsEndpoint
        try send(message, to: agent)
    }

    /// Fills frames up to their bound; tasks with the same options share a row.
    private func assign(_ orders: [AttemptOrder], to agent: AgentIndex, prompts: [TaskID: Content]) throws {
        // Built apart and put into its message whole: reaching into a message's one-of copies what is there each time.
        var assign = Ccorchestrator_V1_Assign()
        // By the row's object: comparing options would cost more than all the rest.
        var rows: [ObjectIdentifier: UInt32] = [:]
        var bytes = 0
        func flush() throws {
            guard !assign.assignments.isEmpty else { return }
            assign.session = core.session(of: agent)
            var message = Ccorchestrator_V1_CoordinatorMessage()
            message.assign = assign
            assign = Ccorchestrator_V1_Assign()
            try send(message, to: agent)
            rows = [:]
            bytes = 0
        }
        for order in orders {
            guard let prompt = prompts[order.token.task] else {
                logger.error("an assignment has no prompt", metadata: ["task": "\(order.token.task)"])
                continue
            }
            // A head is a hash and three names.
            let weight = 64 + prompt.inlineBytes + (order.conversation == nil ? 0 : 1536)
            if bytes + weight > Limits.frameFillBytes || assign.assignments.count == Limits.tasksPerMessage {
                try flush()
            }
            var assignment = Ccorchestrator_V1_Assignment()
            assignment.token = order.token.proto
            assignment.prompt = prompt.proto
            if let conversation = order.conversation { assignment.conversation = conversation.proto }
            if let row = rows[ObjectIdentifier(order.shared)] {
                assignment.options = row
            } else {
                let options = order.options.proto
                assignment.options = UInt32(assign.options.count)
                rows[ObjectIdentifier(order.shared)] = assignment.options
                assign.options.append(options)
                bytes += 64 + (try options.serializedBytes() as [UInt8]).count
            }
            assign.assignments.append(assignment)
            bytes += weight
        }
        try flush()
    }

    // MARK: sending

    func send(_ message: Ccorchestrator_V1_CoordinatorMessage, to agent: AgentIndex) throws {
        // Without a route the agent is away: it introduces itself when it comes back, and what it was not told is settled then.
        guard let route = routeOfAgent[agent] else { return }
        try send(message, toAgentAt: route)
    }

    func send(_ message: Ccorchestrator_V1_CoordinatorMessage, toAgentAt route: RoutingID) throws {
        let outcome = try agentsSocket.send(try message.serializedBytes() as [UInt8], to: route)
        guard outcome != .sent else { return }
        forget(route)
    }

    func refuse(_ route: RoutingID, code: String, message: String, final: Bool) throws {
        logger.warning("agent refused", metadata: ["code": "\(code)", "why": "\(message)"])
        var refusal = Ccorchestrator_V1_CoordinatorMessage()
        refusal.refusal.code = code
        refusal.refusal.message = message
        refusal.refusal.final = final
        try send(refusal, toAgentAt: route)
    }

    func introduceYourself(_ route: RoutingID) throws {
        var message = Ccorchestrator_V1_CoordinatorMessage()
        message.introduceYourself = Ccorchestrator_V1_IntroduceYourself()
        try send(message, toAgentAt: route)
    }

    /// A client that is gone or reads nothing loses its reply; it asks again.
    func send(_ reply: OutgoingReply) throws {
        _ = try clientsSocket.send(reply.frame, to: reply.route)
    }

    private func frame(for reply: Reply, request: UInt64) throws -> [UInt8] {
        var message = Ccorchestrator_V1_ClientReply()
        message.requestID = request
        switch reply {
        case .submitted(let job, let count, let sealed):
            message.submitted.job = UInt64(job.rawValue)
            message.submitted.taskCount = count
            message.submitted.sealed = sealed
        case .cancelled(let queued, let running):
            message.cancelled.queued = queued
            message.cancelled.running = running
        case .controlled(let changed): message.controlled.changed = changed
        case .quotaChanged(let before, let after):
            message.quotaChanged.before = before
            message.quotaChanged.after = after
        case .pruned(let jobs, let tasks):
            message.pruned.jobs = jobs
            message.pruned.tasks = tasks
        case .refused(let code, let text):
            message.failure.code = code.rawValue
            message.failure.message = text
        }
        return try message.serializedBytes()
    }

    func failure(_ request: UInt64, _ code: String, _ text: String) throws -> [UInt8] {
        var message = Ccorchestrator_V1_ClientReply()
        message.requestID = request
        message.failure.code = code
        message.failure.message = text
        return try message.serializedBytes()
    }
}

extension Content {
    /// What it adds to a frame, in bytes.
    var inlineBytes: Int {
        if case .text(let text) = self { return text.utf8.count }
        return 48
    }
}

extension Array {
    /// The elements in order, at most `size` at a time.
    func chunks(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
