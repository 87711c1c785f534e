import ClusterModel

extension Usage {
    /// Reads usage.
    public init(proto: Ccorchestrator_V1_Usage) {
        self.init(
            inputTokens: proto.inputTokens, outputTokens: proto.outputTokens,
            cacheReadInputTokens: proto.cacheReadInputTokens, cacheCreationInputTokens: proto.cacheCreationInputTokens)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_Usage {
        var message = Ccorchestrator_V1_Usage()
        message.inputTokens = inputTokens
        message.outputTokens = outputTokens
        message.cacheReadInputTokens = cacheReadInputTokens
        message.cacheCreationInputTokens = cacheCreationInputTokens
        return message
    }
}

extension TaskFailure {
    /// Reads a failure; a detail over its limit keeps its end.
    public init(proto: Ccorchestrator_V1_TaskError) {
        var detail = proto.detail
        if detail.utf8.count > Limits.failureDetailBytes {
            // From a character's first byte on: a torn one would grow when it is replaced.
            let end = detail.utf8.suffix(Limits.failureDetailBytes).drop { $0 & 0xC0 == 0x80 }
            detail = String(decoding: end, as: UTF8.self)
        }
        self.init(
            className: String(proto.class.unicodeScalars.prefix(64)),
            message: String(proto.message.unicodeScalars.prefix(Limits.sentenceCharacters)), detail: detail)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_TaskError {
        var message = Ccorchestrator_V1_TaskError()
        message.class = errorClass
        message.message = self.message
        message.detail = detail
        return message
    }
}

extension TaskState {
    /// Nil when the message names no end that is known here.
    public init?(proto: Ccorchestrator_V1_EndState) {
        switch proto {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .skipped: self = .skipped
        case .expired: self = .expired
        case .unspecified, .UNRECOGNIZED: return nil
        }
    }

    /// As it travels; a state that is no end has no place there.
    public var endProto: Ccorchestrator_V1_EndState {
        switch self {
        case .succeeded: .succeeded
        case .failed: .failed
        case .cancelled: .cancelled
        case .skipped: .skipped
        case .expired: .expired
        case .queued, .running, .backoff, .blocked, .held: .unspecified
        }
    }
}

extension AttemptResult {
    /// Reads a result; throws when it names no end or its token is out of range.
    public init(proto: Ccorchestrator_V1_AttemptResult) throws(WireError) {
        guard let state = TaskState(proto: proto.state) else { throw WireError("a result names no end state") }
        self.init(
            token: try AttemptToken(proto: proto.token), state: state,
            answer: try Content.from(proto: proto.answer), structured: try Content.from(proto: proto.structured),
            failure: proto.hasError ? TaskFailure(proto: proto.error) : nil, usage: Usage(proto: proto.usage),
            costMicroUSD: proto.costMicrousd, sessionID: proto.sessionID, instance: proto.instance,
            startedAt: WallTime(milliseconds: proto.startedAtMs),
            finishedAt: WallTime(milliseconds: proto.finishedAtMs),
            notBurnt: proto.notBurnt, head: proto.hasHead ? try ConversationHead(proto: proto.head) : nil,
            workspace: proto.hasWorkspace ? try WorkspaceOutcome(proto: proto.workspace) : nil)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_AttemptResult {
        var message = Ccorchestrator_V1_AttemptResult()
        message.token = token.proto
        message.state = state.endProto
        if let answer { message.answer = answer.proto }
        if let structured { message.structured = structured.proto }
        if let failure { message.error = failure.proto }
        message.usage = usage.proto
        message.costMicrousd = costMicroUSD
        message.sessionID = sessionID
        message.instance = instance
        message.startedAtMs = startedAt.milliseconds
        message.finishedAtMs = finishedAt.milliseconds
        message.notBurnt = notBurnt
        if let head { message.head = head.proto }
        if let workspace { message.workspace = workspace.proto }
        return message
    }
}
