/// Where a task stands.
///
/// Legal transitions: `blocked → queued`, `queued → running`, `running → backoff | queued | held` (retry, lost agent), `backoff → queued`,
/// `held ↔ queued | blocked`, and from each of these to an end. An end is final unless the user has the task retried: then it is
/// queued or blocked again.
public enum TaskState: UInt8, Sendable, CaseIterable {
    case queued = 0
    case running = 1
    /// Failed or lost, and waits before it is queued again.
    case backoff = 2
    case succeeded = 3
    case failed = 4
    case cancelled = 5
    /// Something it waited for did not succeed, or its job stopped before it started.
    case skipped = 6
    /// It did not start, or its job did not end, in time.
    case expired = 7
    /// Waits for other tasks or for another job.
    case blocked = 8
    /// Waits for a person: `ccctl release`.
    case held = 9

    /// Whether the task is over.
    public var isEnd: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .skipped, .expired: true
        case .queued, .running, .backoff, .blocked, .held: false
        }
    }

    /// The word that people and scripts read.
    public var name: String {
        switch self {
        case .queued: "queued"
        case .running: "running"
        case .backoff: "backoff"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .skipped: "skipped"
        case .expired: "expired"
        case .blocked: "blocked"
        case .held: "held"
        }
    }

    /// Whether the user may have it tried again.
    public var mayBeRetried: Bool { self == .failed || self == .skipped || self == .expired }

    /// Whether the design allows a task to go from here to `next`.
    public func mayBecome(_ next: TaskState) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.running, .backoff), (.running, .queued), (.backoff, .queued): true
        case (.blocked, .queued), (.queued, .blocked), (.backoff, .blocked): true
        // As a store is taken up.
        case (.blocked, .backoff), (.blocked, .running): true
        case (.queued, .held), (.backoff, .held), (.blocked, .held), (.running, .held): true
        case (.held, .queued), (.held, .blocked): true
        // A late result of an attempt that was given up is taken while its task has not been sent again.
        case (.backoff, .running), (.held, .running): true
        case (.failed, .queued), (.skipped, .queued), (.expired, .queued): true
        case (.failed, .blocked), (.skipped, .blocked), (.expired, .blocked): true
        case (.queued, _), (.running, _), (.backoff, _), (.blocked, _), (.held, _): next.isEnd
        default: false
        }
    }
}
