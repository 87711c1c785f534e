import ClusterModel

/// What bounds the worktrees of one agent.
public struct WorkspaceLimits: Hashable, Sendable {
    /// Clones that are kept; the one that was not used for longest makes room.
    public var repositories = 16
    /// Bases that are remembered, so that the tasks of a job share one; the oldest is forgotten first.
    public var bases = 1_000
    /// How long a git command on this host's disk may take.
    public var localTime: Milliseconds = .seconds(120)
    /// How long a clone, a fetch or a push may take.
    public var remoteTime: Milliseconds = .seconds(600)
    /// A patch above it fails its attempt in words.
    public var patchBytes = Limits.patchBytes
    /// Artifacts of one attempt together; more fail it in words.
    public var artifactBytes = Limits.artifactBytes
    /// Files among which artifacts are looked for.
    public var filesWalked = 1_000_000

    /// The usual ones.
    public init() {}
}
