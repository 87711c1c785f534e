import ClusterModel

/// What bounds a pool. Times that have a default here come from how the CLI was seen to behave.
public struct PoolConfiguration: Hashable, Sendable {
    /// Instances at once, at least 1; also how many attempts the pool holds at once.
    public var slots: Int
    /// Turns after which an instance is replaced: memory grows by some 3 MB a turn.
    public var tasksPerInstance: Int
    /// Instances started a minute, once the slots were filled the first time; at least 1.
    public var instancesPerMinute: Int
    /// Instances that may be starting at the same time: each takes 0.7 s of a core.
    public var startsAtOnce: Int
    /// An instance above this is replaced after its turn; 0: no limit.
    public var residentLimitBytes: UInt64
    /// An instance that grew by more since it was first measured is replaced after its turn; 0: no limit.
    public var residentGrowthBytes: UInt64 = 0
    /// An older instance is replaced between turns; 0: no limit.
    public var ageLimit: Milliseconds = 0
    /// Idle instances like the last that was asked for that are kept ready, room given.
    public var spares = 0
    /// A turn whose instance says nothing for so long, while no call of its is under way, is ended; 0: no limit.
    public var silenceLimit: Milliseconds = 0
    /// The same for the first line of a turn.
    public var firstByteLimit: Milliseconds = 0
    /// How long a turn's calls may wait for their permits before it is interrupted and handed back.
    public var longestHold: Milliseconds = .seconds(300)
    /// From the interrupt to TERM, and from TERM to KILL.
    public var grace: Milliseconds = .seconds(5)
    /// A start that takes longer has failed. The CLI needs 0.6 s on an idle machine.
    public var startTimeout: Milliseconds = .seconds(90)
    /// A `/clear` that takes longer costs the instance. It takes 23 ms on an idle machine.
    public var clearTimeout: Milliseconds = .seconds(20)
    /// A stop that takes longer becomes a KILL: it holds the CLI's own 5 s for its transcript and 5 s after TERM.
    public var stopTimeout: Milliseconds = .seconds(15)
    /// Starts that may fail for one attempt before it is reported as failed.
    public var startsPerAttempt = 3
    /// The pause after a failed start; doubles with each further one.
    public var startBackoff: Milliseconds = .seconds(1)
    /// The longest pause after failed starts.
    public var startBackoffLimit: Milliseconds = .seconds(60)
    /// How long a refused credential rests before one task tries it again; doubles with each refusal.
    public var suspension: Milliseconds = .seconds(30)
    /// The longest rest.
    public var suspensionLimit: Milliseconds = .seconds(600)

    /// Values below 1 count as 1, but for `residentLimitBytes`.
    public init(
        slots: Int, tasksPerInstance: Int = 50, instancesPerMinute: Int = 600, startsAtOnce: Int = 8,
        residentLimitBytes: UInt64 = 0
    ) {
        self.slots = max(1, slots)
        self.tasksPerInstance = max(1, tasksPerInstance)
        self.instancesPerMinute = max(1, instancesPerMinute)
        self.startsAtOnce = max(1, startsAtOnce)
        self.residentLimitBytes = residentLimitBytes
    }
}
