import ClusterModel

/// A place for one instance. Legal transitions: `empty → starting → idle | busy | stopping`, `idle → busy | stopping`,
/// `busy → clearing | stopping`, `clearing → idle | stopping`, `stopping → empty`.
struct Slot<Fingerprint: Hashable & Sendable>: Sendable {
    var generation: UInt64 = 0
    var state: State = .empty
    /// When the present instance answered first.
    var born: Instant?
    /// What the present instance held when it was first measured; 0: it was not.
    var firstResident: UInt64 = 0

    /// Another instance is being launched here.
    mutating func begin() {
        generation += 1
        born = nil
        firstResident = 0
    }

    enum State: Sendable {
        case empty
        case starting(Starting)
        case idle(Idle)
        case busy(Busy)
        case clearing(Clearing)
        case stopping(Stopping)
    }

    struct Starting: Sendable {
        var fingerprint: Fingerprint
        /// Nil once its attempt was cancelled: the instance becomes a spare.
        var attempt: Queued<Fingerprint>?
        var deadline: Instant
        /// It begins with the conversation of its attempt: for anybody else it is cleared first.
        var resumes = false
    }

    struct Idle: Sendable {
        var fingerprint: Fingerprint
        var turns: Int
        var since: Instant
        /// The conversation that it holds; nil: an empty one.
        var holds: HeldConversation?
    }

    struct Busy: Sendable {
        var attempt: PoolAttempt<Fingerprint>
        /// This one included.
        var turns: Int
        var deadline: Instant
        /// Its calls that wait for a permit: while there are any, its time stands still.
        var holds = 0
        /// Since when there are.
        var heldSince: Instant?
        var ending: Ending?
        /// Why it is to be replaced after this turn.
        var worn: LifecycleEvent.Reason?
    }

    struct Clearing: Sendable {
        var fingerprint: Fingerprint
        var turns: Int
        var deadline: Instant
    }

    struct Stopping: Sendable {
        var deadline: Instant
        var killed: Bool
    }

    /// A turn that is being ended before its time.
    struct Ending: Sendable {
        var end: AttemptEnd
        var step: Step
        var deadline: Instant

        enum Step: Sendable {
            case interrupted
            case terminated
            case killed
        }
    }

    /// When something is due.
    func deadline(_ configuration: PoolConfiguration) -> Instant? {
        switch state {
        case .empty: nil
        case .idle: configuration.ageLimit > 0 ? born.map { $0 + configuration.ageLimit } : nil
        case .starting(let starting): starting.deadline
        case .busy(let busy):
            busy.ending?.deadline ?? busy.heldSince.map { $0 + configuration.longestHold } ?? busy.deadline
        case .clearing(let clearing): clearing.deadline
        case .stopping(let stopping): stopping.killed ? nil : stopping.deadline
        }
    }

    var token: AttemptToken? {
        switch state {
        case .starting(let starting): starting.attempt?.attempt.token
        case .busy(let busy): busy.attempt.token
        case .empty, .idle, .clearing, .stopping: nil
        }
    }
}

/// An attempt that waits for an instance.
struct Queued<Fingerprint: Hashable & Sendable>: Hashable, Sendable {
    var attempt: PoolAttempt<Fingerprint>
    var failedStarts = 0
}
