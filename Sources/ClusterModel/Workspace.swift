/// The git worktree that a task works in, and what is taken home from it.
public struct Workspace: Hashable, Sendable {
    /// A URL (https, http, ssh, git, file, or `user@host:path`) or an absolute path on the agent's host.
    public var repository: String
    /// Branch, tag or commit; empty: the repository's own head.
    public var ref: String
    /// Files that are kept with the result: globs over paths in the worktree, `**` for any folders.
    public var artifacts: [String]
    /// The name of a branch to push the changes to, `{job}`, `{index}`, `{task}` and `{attempt}` in it filled in; empty: none.
    public var pushBranch: String

    /// A worktree of `repository` at `ref`.
    public init(repository: String, ref: String = "", artifacts: [String] = [], pushBranch: String = "") {
        self.repository = repository
        self.ref = ref
        self.artifacts = artifacts
        self.pushBranch = pushBranch
    }
}

/// What a task did to its worktree.
public struct WorkspaceOutcome: Hashable, Sendable {
    /// A file that is another than at the base.
    public struct Change: Hashable, Sendable {
        /// `A` added, `M` modified, `D` deleted, `T` of another kind.
        public var kind: String
        /// From the worktree's root.
        public var path: String

        /// Both as git names them.
        public init(kind: String, path: String) {
            self.kind = kind
            self.path = path
        }
    }

    /// A file that was asked for.
    public struct Artifact: Hashable, Sendable {
        /// Its path from the worktree's root.
        public var name: String
        /// What is in it.
        public var content: Content

        /// A file's name and content.
        public init(name: String, content: Content) {
            self.name = name
            self.content = content
        }
    }

    /// The commit that the patch is against, in hexadecimal.
    public var base: String
    /// At most ``Limits/changesListed``; ``changeCount`` says how many there are.
    public var changes: [Change]
    /// Files that are another than at the base.
    public var changeCount: UInt32
    /// What `git apply` takes; nil: nothing was changed.
    public var patch: Content?
    /// In the order of their names.
    public var artifacts: [Artifact]
    /// The branch that was pushed; empty: none.
    public var branch: String

    /// Everything as given.
    public init(
        base: String, changes: [Change] = [], changeCount: UInt32 = 0, patch: Content? = nil,
        artifacts: [Artifact] = [], branch: String = ""
    ) {
        self.base = base
        self.changes = changes
        self.changeCount = changeCount
        self.patch = patch
        self.artifacts = artifacts
        self.branch = branch
    }

    /// Every content that is kept by its hash.
    public var blobs: [BlobRef] {
        ([patch].compactMap(\.self) + artifacts.map(\.content)).compactMap { content in
            if case .blob(let blob) = content { blob } else { nil }
        }
    }

    /// What it weighs in a message, roughly, in bytes.
    public var weight: Int {
        func inline(_ content: Content?) -> Int {
            if case .text(let text) = content { return text.utf8.count }
            return 48
        }
        let listed = changes.reduce(0) { $0 + $1.path.utf8.count + 8 }
        let kept = artifacts.reduce(0) { $0 + $1.name.utf8.count + 8 + inline($1.content) }
        return 64 + listed + inline(patch) + kept + branch.utf8.count
    }
}
