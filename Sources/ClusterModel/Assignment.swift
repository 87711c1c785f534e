/// A task on its way to an agent.
public struct Assignment: Hashable, Sendable {
    public var token: AttemptToken
    public var prompt: Content
    public var options: TaskOptions

    public init(token: AttemptToken, prompt: Content, options: TaskOptions) {
        self.token = token
        self.prompt = prompt
        self.options = options
    }
}
