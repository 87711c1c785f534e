/// What the holder of a key may be.
public enum Role: String, Sendable, CaseIterable {
    /// Runs tasks.
    case agent
    /// Looks, and changes nothing.
    case readOnly = "read-only"
    /// Submits work and controls jobs.
    case client
    /// Everything that a client may, and what concerns the whole fleet.
    case admin

    /// Whether it may do what needs `other`: an admin is a client too, a client may look. Agents stand apart.
    public func covers(_ other: Role) -> Bool {
        switch (self, other) {
        case (.agent, .agent): true
        case (.agent, _), (_, .agent): false
        default: rank >= other.rank
        }
    }

    private var rank: Int {
        switch self {
        case .agent: 0
        case .readOnly: 1
        case .client: 2
        case .admin: 3
        }
    }
}
