/// Where a task stands. Legal transitions:
/// `queued → running`, `running → backoff | queued` (retry, lost agent), `backoff → queued`, and from each of these to an end.
/// An end is final.
public enum TaskState: UInt8, Sendable, CaseIterable {
    case queued
    case running
    /// Failed or lost, and waits before it is queued again.
    case backoff
    case succeeded
    case failed
    case cancelled
    case skipped
    case expired

    /// Whether the task is over for good.
    public var isEnd: Bool { rawValue >= TaskState.succeeded.rawValue }

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
        }
    }

    /// Whether the design allows a task to go from here to `next`.
    public func mayBecome(_ next: TaskState) -> Bool {
        switch (self, next) {
        case (.queued, .running), (.running, .backoff), (.running, .queued), (.backoff, .queued): true
        // A late result of an attempt that was given up is taken while its task has not been sent again.
        case (.queued, .succeeded), (.backoff, .succeeded), (.backoff, .running): true
        case (.queued, _), (.running, _), (.backoff, _): next.isEnd
        default: false
        }
    }
}
