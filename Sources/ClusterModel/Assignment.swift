/// A task on its way to an agent.
public struct Assignment: Hashable, Sendable {
    /// The attempt that its result must name.
    public var token: AttemptToken
    /// The whole prompt, or the reference by which the agent fetches it first.
    public var prompt: Content
    /// How to run it: the row of its job's table, in full.
    public var options: TaskOptions
    /// What it is a turn of; nil: it stands alone.
    public var conversation: Conversation?

    /// Everything as given.
    public init(token: AttemptToken, prompt: Content, options: TaskOptions, conversation: Conversation? = nil) {
        self.conversation = conversation
        self.token = token
        self.prompt = prompt
        self.options = options
    }
}
