import ClusterModel
import Collections

/// Which instance runs which attempt: a pure state machine. Every input is a method named for what happened; what is to be done comes back as effects.
///
/// An attempt goes to an idle instance that was launched as it needs, else a new instance is started for it in an empty slot, else the idle
/// instance that was not used for longest makes room. An attempt that was accepted ends exactly once.
public struct AgentPool<Fingerprint: Hashable & Sendable>: Sendable {
    /// What the shell is to do.
    public typealias Effect = PoolEffect<Fingerprint>

    /// The bounds it was made with.
    public let configuration: PoolConfiguration
    var slots: [Slot<Fingerprint>]
    var queue: Deque<Queued<Fingerprint>> = []
    var spawn: SpawnBudget
    /// Set while something of the host's own is broken.
    public internal(set) var suspension: Suspension?
    var holdReason: String?
    var leaving = false
    var drainedWasTold = false
    /// Instances launched since the beginning, failed starts included.
    public internal(set) var instancesStarted: UInt64 = 0
    /// Instances that there may be now.
    public internal(set) var size: Int
    /// Why that is below the number of slots, in words.
    public internal(set) var sizeReason = ""
    /// What the last attempt asked for.
    var latestFingerprint: Fingerprint?
    var lifecycle = LifecycleLog()
    var effects: [Effect] = []
    private var announcedWake: Instant?
    private var announcedCapacity: Int
    private var announcedReason = ""

    /// An empty pool.
    public init(_ configuration: PoolConfiguration, at now: Instant) {
        self.configuration = configuration
        slots = Array(repeating: Slot(), count: configuration.slots)
        spawn = SpawnBudget(configuration, now: now)
        announcedCapacity = configuration.slots
        size = configuration.slots
    }

    // MARK: What it says of itself

    /// Attempts it will hold at once from now on.
    public var capacity: Int {
        if leaving || holdReason != nil { return 0 }
        if let suspension { return suspension.probing ? 1 : 0 }
        return size
    }

    /// Why the capacity is lowered, in words; empty when it is not.
    public var heldBecause: String {
        if capacity == configuration.slots { return "" }
        if leaving { return "the agent is leaving" }
        if let reason = holdReason ?? suspension?.reason.sentence { return reason }
        return "\(size) of \(configuration.slots) instances: \(sizeReason)"
    }

    /// How many attempts it holds.
    public var count: Int { slots.count { $0.token != nil } + queue.count }

    /// Their tokens, those of waiting ones last.
    public var tokens: [AttemptToken] { slots.compactMap(\.token) + queue.map(\.attempt.token) }

    /// Whether it holds this attempt.
    public func holds(_ token: AttemptToken) -> Bool {
        slots.contains { $0.token == token } || queue.contains { $0.attempt.token == token }
    }

    /// Slots that hold a process.
    public var instances: Int {
        slots.count { if case .empty = $0.state { false } else { true } }
    }

    /// Instances with a turn.
    public var busy: Int {
        slots.count { if case .busy = $0.state { true } else { false } }
    }

    // MARK: Attempts

    /// The coordinator sent an attempt. One that it holds already is not taken twice.
    public mutating func attemptArrived(_ attempt: PoolAttempt<Fingerprint>, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard !pool.holds(attempt.token) else { return }
            if pool.leaving {
                pool.end(attempt.token, .handedBack(.leaving), on: nil)
            } else if let suspension = pool.suspension, !suspension.probing || suspension.probe != nil {
                pool.end(attempt.token, .handedBack(.suspended(suspension.reason)), on: nil)
            } else if pool.tokens.count >= pool.configuration.slots {
                pool.end(attempt.token, .handedBack(.full), on: nil)
            } else {
                if pool.suspension != nil { pool.suspension?.probe = attempt.token }
                pool.latestFingerprint = attempt.fingerprint
                pool.stopOutdated(by: attempt, at: now)
                pool.queue.append(Queued(attempt: attempt))
            }
        }
    }

    /// The user ended it: a waiting one at once, a running one by interrupt, TERM and KILL.
    public mutating func cancelArrived(_ token: AttemptToken, at now: Instant) -> [Effect] {
        react(at: now) { $0.endEarly(token, .cancelled, at: now) }
    }

    /// The coordinator gave it to another agent: it is ended like a cancelled one and reported to nobody.
    public mutating func attemptAbandoned(_ token: AttemptToken, at now: Instant) -> [Effect] {
        react(at: now) { $0.endEarly(token, .abandoned, at: now) }
    }

    // MARK: The agent

    /// The shell can't take more work for a reason of its own; nil: it can again.
    public mutating func holdChanged(to reason: String?, at now: Instant) -> [Effect] {
        react(at: now) { $0.holdReason = reason }
    }

    /// No new work from now on: what waits is handed back, what runs may finish, then all instances are stopped.
    public mutating func drainBegan(at now: Instant) -> [Effect] {
        react(at: now) { pool in
            pool.leaving = true
            pool.handBackQueue(.leaving)
            for index in pool.slots.indices {
                switch pool.slots[index].state {
                case .starting(let starting):
                    if let attempt = starting.attempt?.attempt {
                        pool.end(attempt.token, .handedBack(.leaving), on: pool.id(index))
                    }
                    pool.stop(index, .leaving, at: now)
                case .idle, .clearing: pool.stop(index, .leaving, at: now)
                case .empty, .busy, .stopping: break
                }
            }
        }
    }

    /// Everything ends now: unfinished attempts are handed back, instances killed.
    public mutating func stopNowArrived(at now: Instant) -> [Effect] {
        react(at: now) { pool in
            pool.leaving = true
            pool.handBackQueue(.leaving)
            for index in pool.slots.indices {
                if let token = pool.slots[index].token {
                    pool.end(token, pool.lastWord(of: index) ?? .handedBack(.leaving), on: pool.id(index))
                }
                switch pool.slots[index].state {
                case .empty: break
                case .stopping(let stopping):
                    if !stopping.killed { pool.effects.append(.kill(pool.id(index))) }
                    pool.slots[index].state = .stopping(.init(deadline: now, killed: true))
                case .starting, .idle, .busy, .clearing:
                    pool.effects.append(.kill(pool.id(index)))
                    pool.stop(index, .leaving, at: now)
                }
            }
        }
    }

    /// The time of the last `wake` has come.
    public mutating func timePassed(at now: Instant) -> [Effect] {
        react(at: now) { pool in
            pool.announcedWake = nil
            pool.checkDeadlines(at: now)
        }
    }

    // MARK: Inside

    mutating func react(at now: Instant, _ change: (inout Self) -> Void) -> [Effect] {
        change(&self)
        dispatch(at: now)
        keepSpares(at: now)
        if leaving, !drainedWasTold, queue.isEmpty, instances == 0 {
            drainedWasTold = true
            effects.append(.drained)
        }
        if capacity != announcedCapacity || heldBecause != announcedReason {
            announcedCapacity = capacity
            announcedReason = heldBecause
            effects.append(.capacityChanged)
        }
        if let wake = nextWake(at: now), wake != announcedWake {
            announcedWake = wake
            effects.append(.wake(at: wake))
        }
        let result = effects
        effects.removeAll(keepingCapacity: true)
        return result
    }

    func id(_ index: Int) -> InstanceID { InstanceID(slot: index, generation: slots[index].generation) }

    /// How an attempt that is being ended was to end, when somebody had asked for it.
    private func lastWord(of index: Int) -> AttemptEnd? {
        guard case .busy(let busy) = slots[index].state else { return nil }
        return busy.ending?.end
    }
}
