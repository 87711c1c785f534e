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
    /// Tasks of the same job that it waits for, earlier or later ones.
    public var after: [TaskLink]
    /// Tasks of a job with the same context are turns of one conversation, in their order; empty: it stands alone.
    public var context: String
    /// On the first task of its context: the context whose conversation it begins as a copy of, as its last turn before this task left it;
    /// empty: it begins with nothing.
    public var fork: String

    /// A task of a prompt alone, under the first options of its job.
    public init(
        prompt: Content, name: String = "", input: String = "", options: UInt32 = 0, after: [TaskLink] = [],
        context: String = "", fork: String = ""
    ) {
        self.prompt = prompt
        self.name = name
        self.input = input
        self.options = options
        self.after = after
        self.context = context
        self.fork = fork
    }
}

/// What has to be true of something that a task or a job waits for.
public enum LinkCondition: String, Sendable, CaseIterable {
    /// It succeeded.
    case success
    /// It ended, however.
    case end
}

/// Another task of the same job that a task waits for.
public struct TaskLink: Hashable, Sendable {
    /// The other task's place in the job.
    public var index: UInt32
    /// What has to be true of it.
    public var condition: LinkCondition

    /// Waits for the task to succeed unless it is said otherwise.
    public init(index: UInt32, condition: LinkCondition = .success) {
        self.index = index
        self.condition = condition
    }
}
