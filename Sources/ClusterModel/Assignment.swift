/// A task on its way to an agent.
public struct Assignment: Hashable, Sendable {
    /// The attempt that its result must name.
    public var token: AttemptToken
    /// The whole prompt, or the reference by which the agent fetches it first.
    public var prompt: Content
    /// How to run it: the row of its job's table, in full.
    public var options: TaskOptions

    /// Everything as given.
    public init(token: AttemptToken, prompt: Content, options: TaskOptions) {
        self.token = token
        self.prompt = prompt
        self.options = options
    }
}
