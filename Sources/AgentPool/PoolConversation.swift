/// What an attempt goes on with, as far as the pool cares.
public struct PoolConversation: Hashable, Sendable {
    /// Names the context; its instance is kept for its next turn. Empty: none is kept.
    public var context: String
    /// The state that it goes on from; empty: it begins anew, on an instance that holds nothing.
    public var head: String
    /// Only a launch brings an instance to that state: a copy of another context, or a turn that was interrupted.
    public var needsLaunch: Bool

    /// Everything as given.
    public init(context: String, head: String = "", needsLaunch: Bool = false) {
        self.context = context
        self.head = head
        self.needsLaunch = needsLaunch
    }
}

/// A conversation that an instance holds: it serves the next turn of that context, and nobody else before it is cleared.
public struct HeldConversation: Hashable, Sendable {
    /// The context's name.
    public var context: String
    /// Its state, as the turn's report named it.
    public var head: String

    /// Everything as given.
    public init(context: String, head: String) {
        self.context = context
        self.head = head
    }
}
