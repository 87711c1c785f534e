/// Where a conversation stands: its transcript, and who has it in memory.
public struct ConversationHead: Hashable, Sendable {
    /// The CLI's own record of the conversation. Equal transcripts are the same state of it.
    public var transcript: BlobRef
    /// The CLI's session that it is resumed as.
    public var sessionID: String
    /// Turns that it holds; of an interrupted one, those before it.
    public var turn: UInt32
    /// The agent whose instance it came from; nil while only that agent speaks of it.
    public var agent: AgentID?
    /// That instance, as `agent/slot.generation`.
    public var instance: String

    /// Everything as given.
    public init(transcript: BlobRef, sessionID: String, turn: UInt32, agent: AgentID? = nil, instance: String = "") {
        self.transcript = transcript
        self.sessionID = sessionID
        self.turn = turn
        self.agent = agent
        self.instance = instance
    }
}

/// What an attempt is a turn of.
public struct Conversation: Hashable, Sendable {
    /// Its context's name; empty: it has none, and goes on with its own interrupted turn.
    public var context: String
    /// What it goes on from; nil: the conversation begins with it.
    public var head: ConversationHead?
    /// The head is another context's: the conversation becomes a copy of it.
    public var isFork: Bool
    /// The head is this very task's, from a turn that was interrupted: its prompt has been said already.
    public var isContinuation: Bool

    /// Everything as given.
    public init(
        context: String, head: ConversationHead? = nil, isFork: Bool = false, isContinuation: Bool = false
    ) {
        self.context = context
        self.head = head
        self.isFork = isFork
        self.isContinuation = isContinuation
    }
}
