import ClusterModel

extension ConversationHead {
    /// Reads a head; throws for a transcript over its limit or a session's name that can't be a file's.
    public init(proto: Ccorchestrator_V1_ConversationHead) throws(WireError) {
        let transcript = try BlobRef(proto: proto.transcript)
        guard transcript.size <= UInt64(Limits.transcriptBytes) else {
            throw WireError(
                "a transcript of \(transcript.size) bytes is over the limit of \(Limits.transcriptBytes)")
        }
        // It becomes the name of a file.
        let session = proto.sessionID
        guard !session.isEmpty, session.utf8.count <= Limits.sessionBytes, !session.hasPrefix("-"),
            session.utf8.allSatisfy({ Self.isNamed($0) })
        else { throw WireError("\"\(session.prefix(64))\" is no session: it has letters, digits, - and _ alone") }
        guard proto.instance.utf8.count <= 2 * Limits.nameBytes else {
            throw WireError("an instance's name is over the limit of \(2 * Limits.nameBytes) bytes")
        }
        self.init(
            transcript: transcript, sessionID: session, turn: proto.turn,
            agent: proto.agentID == 0 ? nil : AgentID(rawValue: proto.agentID), instance: proto.instance)
    }

    private static func isNamed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_ConversationHead {
        var message = Ccorchestrator_V1_ConversationHead()
        message.transcript = transcript.proto
        message.sessionID = sessionID
        message.turn = turn
        message.agentID = agent?.rawValue ?? 0
        message.instance = instance
        return message
    }
}

extension Conversation {
    /// Reads what an attempt is a turn of; throws as its head does, and for a name over its limit.
    public init(proto: Ccorchestrator_V1_Conversation) throws(WireError) {
        guard proto.context.utf8.count <= Limits.contextBytes else {
            throw WireError("a context's name is over the limit of \(Limits.contextBytes) bytes")
        }
        self.init(
            context: proto.context, head: proto.hasHead ? try ConversationHead(proto: proto.head) : nil,
            isFork: proto.fork, isContinuation: proto.continuation)
    }

    /// As it travels.
    public var proto: Ccorchestrator_V1_Conversation {
        var message = Ccorchestrator_V1_Conversation()
        message.context = context
        if let head { message.head = head.proto }
        message.fork = isFork
        message.continuation = isContinuation
        return message
    }
}
