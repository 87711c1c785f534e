/// What a user submits for one task.
public struct TaskSpec: Hashable, Sendable {
    public var prompt: Content
    /// What the user calls it; may be empty.
    public var name: String
    /// The line that a template was filled with; empty: the prompt itself.
    public var input: String
    /// Its row in the job's table of options.
    public var options: UInt32

    public init(prompt: Content, name: String = "", input: String = "", options: UInt32 = 0) {
        self.prompt = prompt
        self.name = name
        self.input = input
        self.options = options
    }
}

/// What a user submits for a job as a whole.
public struct JobSpec: Hashable, Sendable {
    public var name: String
    /// Who submitted it: the name bound to the client's key, or `local` on loopback.
    public var submitter: String

    public init(name: String = "", submitter: String = "local") {
        self.name = name
        self.submitter = submitter
    }
}
