/// What a user submits for one task.
public struct TaskSpec: Hashable, Sendable {
    /// What the instance is asked, with its template filled in.
    public var prompt: Content
    /// What the user calls it; may be empty.
    public var name: String
    /// The line that a template was filled with; empty: the prompt itself.
    public var input: String
    /// Its row in the job's table of options.
    public var options: UInt32

    /// A task of a prompt alone, under the first options of its job.
    public init(prompt: Content, name: String = "", input: String = "", options: UInt32 = 0) {
        self.prompt = prompt
        self.name = name
        self.input = input
        self.options = options
    }
}

/// What a user submits for a job as a whole.
public struct JobSpec: Hashable, Sendable {
    /// What the user calls it; may be empty, and need not be unique.
    public var name: String
    /// Who submitted it: the name bound to the client's key, or `local` on loopback.
    public var submitter: String

    /// A nameless job from loopback, but for what is given.
    public init(name: String = "", submitter: String = "local") {
        self.name = name
        self.submitter = submitter
    }
}
