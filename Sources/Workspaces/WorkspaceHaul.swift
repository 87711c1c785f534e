import ClusterModel

/// What was taken from a worktree after its task, before it is decided what of it travels inline.
public struct WorkspaceHaul: Sendable {
    /// The commit that the patch is against.
    public var base: String
    /// At most ``Limits/changesListed``.
    public var changes: [WorkspaceOutcome.Change] = []
    /// How many there are.
    public var changeCount = 0
    /// Empty: nothing was changed.
    public var patch: [UInt8] = []
    /// Names and contents, in the order of names.
    public var artifacts: [(name: String, bytes: [UInt8])] = []
    /// The branch that was pushed; empty: none.
    public var branch = ""
}

/// A branch that the changes are pushed to.
public struct PushOrder: Hashable, Sendable {
    /// Without `refs/heads/`.
    public var branch: String
    /// The commit's.
    public var message: String

    /// Fills in a template: the branch's name holds the task and the attempt even where the template names neither, so that no attempt writes what
    /// another one wrote.
    public init(template: String, token: AttemptToken, message: String) {
        var name = template
        let names = ["{task}", "{index}"]
        if !names.contains(where: name.contains) { name += "-{task}" }
        if !name.contains("{attempt}") { name += "-a{attempt}" }
        let values = [
            "{task}": "\(token.task.job)-\(token.task.index)", "{index}": "\(token.task.index)",
            "{job}": "\(token.task.job)", "{attempt}": "\(token.attempt)",
        ]
        for (key, value) in values { name = name.replacing(key, with: value) }
        branch = name
        self.message = message
    }
}
