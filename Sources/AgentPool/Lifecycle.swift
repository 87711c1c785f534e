import ClusterModel

/// What became of an instance.
public struct LifecycleEvent: Hashable, Sendable {
    /// Whom it is about.
    public var instance: InstanceID
    /// What happened.
    public var kind: Kind
    /// Why.
    public var reason: Reason

    /// The words that logs and counts use.
    public enum Kind: String, Sendable, CaseIterable {
        /// It answers.
        case created
        /// It ends so that a clean one can take its place.
        case recycled
        /// It ends, or has ended, and nothing follows of itself.
        case terminated
    }

    /// The words that logs and counts use.
    public enum Reason: String, Sendable, CaseIterable {
        // created
        case task
        case spare
        // recycled
        /// It did as many tasks as it may.
        case tasks
        /// Resident memory above the limit.
        case memory
        /// Resident memory grew by more than it may since it was first measured.
        case growth
        case age
        /// Its turn ended in a way after which nothing is known of its state.
        case error
        /// `/clear` failed, or took too long.
        case clear
        /// Another kind of instance needs its slot.
        case room
        /// It holds another state of a conversation that goes on, or was launched otherwise than its next turn needs.
        case outdated
        /// Its turn was ended before its time: a timeout, a cancel, a hold.
        case interrupted
        // terminated
        case died
        case startFailed = "start-failed"
        case leaving
        /// The host has too little for it.
        case shed
        /// It outlived KILL.
        case hung
    }

    init(_ instance: InstanceID, _ kind: Kind, _ reason: Reason) {
        self.instance = instance
        self.kind = kind
        self.reason = reason
    }
}

/// What happened to instances: counted for good, and kept until the shell has taken it.
struct LifecycleLog: Sendable {
    private(set) var counts: [InstanceCount] = []
    private var untold: [LifecycleEvent] = []

    mutating func add(_ event: LifecycleEvent) {
        untold.append(event)
        let (kind, reason) = (event.kind.rawValue, event.reason.rawValue)
        if let place = counts.firstIndex(where: { $0.event == kind && $0.reason == reason }) {
            counts[place].count += 1
        } else {
            counts.append(InstanceCount(event: kind, reason: reason, count: 1))
            counts.sort { ($0.event, $0.reason) < ($1.event, $1.reason) }
        }
    }

    mutating func take() -> [LifecycleEvent] {
        defer { untold = [] }
        return untold
    }
}

extension AgentPool {
    /// What happened to instances since this was last asked.
    public mutating func takeLifecycle() -> [LifecycleEvent] { lifecycle.take() }

    /// What happened to instances since the beginning, counted.
    public var lifecycleCounts: [InstanceCount] { lifecycle.counts }
}
