import ClusterModel
import ClusterWire
import CoordinatorCore
import Foundation
import Quotas
import ZeroMQ

/// Calls of instances, and the limits that they draw from. Answers to agents wait for no transaction: permits are granted from memory.
extension CoordinatorLoop {
    /// Calls in one message of an agent.
    static let callsPerMessage = 4096

    func permitRequests(_ message: Ccorchestrator_V1_PermitRequests, from agent: AgentIndex) throws {
        guard message.session == core.session(of: agent) else { return }
        guard message.requests.count <= Self.callsPerMessage else { throw WireError("more calls than a message takes") }
        core.agentWasHeard(agent, at: clock.instant())
        for request in message.requests {
            let token = request.hasToken ? try AttemptToken(proto: request.token) : nil
            core.callAsked(
                try CallWish(proto: request), for: token, isOpen: request.isOpen, from: agent, at: clock.instant())
        }
        try answerCalls()
    }

    func permitReports(
        _ message: Ccorchestrator_V1_PermitReports, from agent: AgentIndex, _ route: RoutingID
    ) throws {
        guard message.session == core.session(of: agent) else { return }
        guard message.reports.count <= Self.callsPerMessage else {
            throw WireError("more reports than a message takes")
        }
        core.agentWasHeard(agent, at: clock.instant())
        for report in message.reports {
            core.callTold(try CallNews(proto: report), of: report.call, from: agent, at: clock.instant())
        }
        var answer = Ccorchestrator_V1_CoordinatorMessage()
        answer.permitReportsAck.session = message.session
        answer.permitReportsAck.number = message.number
        try send(answer, toAgentAt: route)
        try answerCalls()
    }

    /// Tells agents which of their calls may go, or never will.
    func answerCalls() throws {
        core.renewStaleGrants(at: clock.instant())
        let notices = core.takeCallNotices()
        guard !notices.isEmpty else { return }
        var messages: [(agent: AgentIndex, answers: Ccorchestrator_V1_PermitAnswers)] = []
        for notice in notices {
            let agent = CoordinatorCore.agent(holding: notice.holder)
            var answer = Ccorchestrator_V1_PermitAnswer()
            answer.call = notice.number
            if case .refused(let why) = notice.answer { answer.refusal = why }
            if let place = messages.firstIndex(where: { $0.agent == agent }) {
                messages[place].answers.answers.append(answer)
            } else {
                var first = Ccorchestrator_V1_PermitAnswers()
                first.session = core.session(of: agent)
                first.answers = [answer]
                messages.append((agent, first))
            }
        }
        for (agent, answers) in messages {
            var message = Ccorchestrator_V1_CoordinatorMessage()
            message.permitAnswers = answers
            try send(message, to: agent)
        }
    }

    func quotas(_ id: UInt64, _ route: RoutingID) throws {
        var reply = Ccorchestrator_V1_ClientReply()
        reply.requestID = id
        let now = clock.instant()
        reply.quotas.quotas = core.quotaStandings(at: now).map { $0.proto(at: now) }
        reply.quotas.estimates = core.quotaEstimates(at: now).map(\.proto)
        reply.quotas.apiRetries = core.apiRetries.map(\.proto)
        reply.quotas.unmeteredAgents = core.unmeteredAgents
        turnReplies.append(OutgoingReply(route: route, frame: try reply.serializedBytes()))
    }

    func quotaChange(_ message: Ccorchestrator_V1_ChangeQuota) throws -> QuotaChange {
        guard message.name.utf8.count <= Limits.nameBytes, message.limit.utf8.count <= 4 * Limits.nameBytes,
            message.reserve.utf8.count <= Limits.nameBytes
        else { throw WireError("a limit's name or text is longer than any can be") }
        switch message.verb {
        case .set:
            return .set(
                message.name, limit: message.limit.isEmpty ? nil : message.limit,
                burst: message.hasBurst ? message.burst : nil, reserve: message.hasReserve ? message.reserve : nil,
                isShadow: message.hasIsShadow ? message.isShadow : nil)
        case .reset: return .reset(message.name)
        case .unpark: return .unpark(message.name)
        case .unspecified, .UNRECOGNIZED:
            throw WireError("this coordinator does not know what to do with the limit: it is older than the client")
        }
    }
}

extension CallWish {
    /// Without what the coordinator knows better: priority, kind and task.
    fileprivate init(proto: Ccorchestrator_V1_PermitRequest) throws {
        guard proto.service.utf8.count <= Limits.nameBytes, proto.endpoint.utf8.count <= Limits.nameBytes,
            proto.model.utf8.count <= Limits.nameBytes, proto.scope.utf8.count <= Limits.nameBytes,
            !proto.service.isEmpty
        else { throw WireError("a call without a usable service, endpoint or model") }
        self.init(
            number: proto.call, service: proto.service, endpoint: proto.endpoint, model: proto.model,
            bodyBytes: Int64(clamping: proto.bodyBytes), mostOutput: Int64(clamping: proto.maxOutput),
            scope: proto.scope,
            createsContent: proto.createsContent)
    }
}

extension CallNews {
    /// Words of one answer.
    private static let wordsAtMost = 32

    fileprivate init(proto: Ccorchestrator_V1_PermitReport) throws {
        guard proto.words.count <= Self.wordsAtMost, proto.errorType.utf8.count <= Limits.nameBytes else {
            throw WireError("a report of a call says more than one can")
        }
        let stage: Stage
        switch proto.stage {
        case .goesOn: stage = .goesOn
        case .withdrawn: stage = .withdrawn
        case .ended: stage = .ended
        case .unspecified, .UNRECOGNIZED: throw WireError("a report of a call without a known stage")
        }
        self.init(
            stage, status: Int(proto.status), isCut: proto.isCut,
            input: proto.hasInputTokens ? Int64(clamping: proto.inputTokens) : nil,
            output: proto.hasOutputTokens ? Int64(clamping: proto.outputTokens) : nil,
            sentAgo: Milliseconds(Int64(clamping: proto.sentMsAgo)),
            retryAfter: proto.hasRetryAfterMs ? Milliseconds(Int64(clamping: proto.retryAfterMs)) : nil,
            errorType: proto.errorType,
            words: proto.words.map { word in
                LimitWord(
                    limit: word.limit, amount: word.hasAmount ? Int64(clamping: word.amount) : nil,
                    remaining: word.hasRemaining ? Int64(clamping: word.remaining) : nil,
                    roundedTo: max(1, Int64(clamping: word.roundedTo)),
                    fullIn: word.hasFullInMs ? Milliseconds(Int64(clamping: word.fullInMs)) : nil)
            })
        cacheRead = Int64(clamping: proto.cacheReadTokens)
        cacheCreation = Int64(clamping: proto.cacheCreationTokens)
    }
}

extension QuotaStanding {
    fileprivate func proto(at now: Instant) -> Ccorchestrator_V1_QuotaView {
        var message = Ccorchestrator_V1_QuotaView()
        message.name = view.name
        message.limit = limit.description
        message.isConcurrency = limit.isConcurrency
        message.most = view.most
        message.used = view.used
        message.remaining = view.remaining
        message.reserve = view.reserve
        message.waiting = UInt32(clamping: view.waiting)
        if let until = view.parkedUntil {
            message.parkedForMs = UInt64(max(0, until.milliseconds(since: now).rawValue))
        }
        if let perMinute = limit.perMinute { message.limitPerMinute = perMinute }
        message.spentLastMinute = view.spentLastMinute
        message.refusals = view.refusals
        message.isShadow = view.isShadow
        message.shadowOverruns = view.shadowOverruns
        message.origin = origin.rawValue
        message.openCalls = UInt32(clamping: openCalls)
        if let narrowedTo { message.narrowedTo = narrowedTo }
        message.overloads = overloads
        message.waitingTasks = waitingTasks.map { TaskID(packed: $0).description }
        message.explanation = explanation
        if let learned { message.learnedMsAgo = UInt64(max(0, learned.rawValue)) }
        return message
    }
}

extension EstimateView {
    fileprivate var proto: Ccorchestrator_V1_QuotaEstimate {
        var message = Ccorchestrator_V1_QuotaEstimate()
        message.key = key
        message.calls = score.calls
        message.inputErrorPercent = Int64(score.inputErrorPercent)
        message.output = output
        message.outputWithinPercent = UInt32(score.outputWithinPercent)
        if let age { message.learnedMsAgo = UInt64(max(0, age.rawValue)) }
        return message
    }
}

extension APIRetries {
    fileprivate var proto: Ccorchestrator_V1_ApiRetries {
        var message = Ccorchestrator_V1_ApiRetries()
        message.error = error
        message.status = status
        message.count = count
        return message
    }
}
