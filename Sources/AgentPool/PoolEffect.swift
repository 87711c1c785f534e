import ClusterModel

/// One instance in the life of a slot. Printed as `slot.generation`.
public struct InstanceID: Hashable, Sendable, CustomStringConvertible {
    /// From 0.
    public var slot: Int
    /// From 1, counted for each slot.
    public var generation: UInt64

    /// Names the instance that `slot` held as its `generation`-th.
    public init(slot: Int, generation: UInt64) {
        self.slot = slot
        self.generation = generation
    }

    /// `slot.generation`.
    public var description: String { "\(slot).\(generation)" }
}

/// An attempt as the pool needs to know it.
public struct PoolAttempt<Fingerprint: Hashable & Sendable>: Hashable, Sendable {
    /// Names it.
    public var token: AttemptToken
    /// What its instance must have been launched with.
    public var fingerprint: Fingerprint
    /// From the beginning of its turn.
    public var timeout: Milliseconds
    /// Nil: it stands alone.
    public var conversation: PoolConversation?

    /// An attempt that runs for at most `timeout` on an instance launched with `fingerprint`.
    public init(
        token: AttemptToken, fingerprint: Fingerprint, timeout: Milliseconds, conversation: PoolConversation? = nil
    ) {
        self.conversation = conversation
        self.token = token
        self.fingerprint = fingerprint
        self.timeout = timeout
    }
}

/// What the shell is to do. Each `start`, `runTurn`, `clear` and `stop` is answered by exactly one input that names the same instance.
public enum PoolEffect<Fingerprint: Hashable & Sendable>: Hashable, Sendable {
    /// Launch it as `token`'s attempt asks → `instanceStarted` or `startFailed`.
    case start(InstanceID, Fingerprint, for: AttemptToken)
    /// Launch it ahead of need, as earlier attempts of this fingerprint asked → `instanceStarted` or `startFailed`.
    case startSpare(InstanceID, Fingerprint)
    /// Give it the attempt's prompt → `turnEnded`.
    case runTurn(InstanceID, AttemptToken)
    /// Empty its conversation → `cleared`.
    case clear(InstanceID)
    /// End the turn, keep the process.
    case interrupt(InstanceID)
    /// TERM to the process.
    case terminate(InstanceID)
    /// KILL to it and all its descendants.
    case kill(InstanceID)
    /// Make sure that nothing of it lives, the gentle way first → `instanceStopped`.
    case stop(InstanceID)
    /// The attempt ended: the one and only time it is named so.
    case end(AttemptToken, AttemptEnd, on: InstanceID?)
    /// Call `timePassed` at this time; replaces the earlier wake.
    case wake(at: Instant)
    /// Capacity or the reason that lowers it is another now.
    case capacityChanged
    /// A drain or a stop is complete: no instance, no attempt.
    case drained
}

/// How an attempt left the pool.
public enum AttemptEnd: Hashable, Sendable {
    /// As its turn ended; the shell holds the verdict.
    case turn
    /// It ran longer than its timeout.
    case timedOut
    /// Its instance said nothing for so long, in all of its turn or since its last line.
    case silent(Milliseconds, hasSpoken: Bool)
    /// As the user asked.
    case cancelled
    /// No instance could be started for it.
    case startsFailed(StartFailure)
    /// Not run, for no fault of its own.
    case handedBack(HandBack)
    /// The coordinator doesn't want to hear of it again.
    case abandoned
}

extension AttemptEnd {
    var isSilence: Bool { if case .silent = self { true } else { false } }
}

/// Why an attempt was not run.
public enum HandBack: Hashable, Sendable {
    /// More was sent than the pool holds.
    case full
    /// The agent leaves.
    case leaving
    /// Its calls waited for their permits longer than a turn may.
    case held
    /// The agent's capacity is 0 for now, in words.
    case suspended(Suspension.Reason)
}

/// Why an instance didn't start.
public struct StartFailure: Hashable, Sendable {
    /// A sentence.
    public var message: String
    /// The program isn't there or can't be executed: the task has no part in it.
    public var programIsMissing: Bool
    /// What the program said last; empty: nothing.
    public var detail: String

    /// A failed start.
    public init(message: String, programIsMissing: Bool, detail: String = "") {
        self.message = message
        self.programIsMissing = programIsMissing
        self.detail = detail
    }
}

/// How a turn ended, as far as the pool cares.
public struct TurnReport: Hashable, Sendable {
    /// The verdict is a success.
    public var succeeded: Bool
    /// The service refused the credential.
    public var credentialRefused: Bool
    /// The process lives and said all it had to: it may serve another turn after `/clear`.
    public var instanceIsSound: Bool
    /// The state in which it left its context's conversation; nil: none that a turn may go on from.
    public var head: String?

    /// A turn's end.
    public init(
        succeeded: Bool, credentialRefused: Bool = false, instanceIsSound: Bool = true, head: String? = nil
    ) {
        self.head = head
        self.succeeded = succeeded
        self.credentialRefused = credentialRefused
        self.instanceIsSound = instanceIsSound
    }
}
