/// Why a worktree was not made, or nothing could be taken from it.
public struct WorkspaceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it means for the attempt.
    public enum Kind: Hashable, Sendable {
        /// The task asks for what can't be: trying again changes nothing.
        case refused
        /// A network, a disk, a repository that is locked: it may pass.
        case trouble
    }

    /// What it means for the attempt.
    public var kind: Kind
    /// A sentence.
    public var description: String

    /// A sentence of this kind.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
