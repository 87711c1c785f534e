import AgentPool
import ClusterModel
import Testing

/// A pool with an agent around it that does nothing by itself. It keeps account of every effect by rules of its own and complains about the first
/// one that a real agent could not have followed.
struct PoolWorld {
    var pool: AgentPool<String>
    var now = Instant.origin
    var wake: Instant?
    /// What waits for an answer.
    var starting: [InstanceID: String] = [:]
    var turns: [InstanceID: AttemptToken] = [:]
    var clearing: Set<InstanceID> = []
    var stopping: Set<InstanceID> = []
    var idle: Set<InstanceID> = []
    var launched: [InstanceID: String] = [:]
    var accepted: [AttemptToken: String] = [:]
    /// What each attempt goes on from; nil: it stands alone.
    var wanted: [AttemptToken: PoolConversation] = [:]
    /// The state of the conversation that each instance has in memory; empty: none.
    var memory: [InstanceID: String] = [:]
    var ended: [AttemptToken: AttemptEnd] = [:]
    var drained = false
    var log: [PoolEffect<String>] = []

    init(_ configuration: PoolConfiguration) {
        pool = AgentPool(configuration, at: .origin)
    }

    static func token(_ number: Int) -> AttemptToken {
        AttemptToken(
            store: StoreID(rawValue: 7), task: TaskID(job: JobID(rawValue: 1), index: UInt32(number)), attempt: 1)
    }

    /// Alive or being made or unmade.
    var processes: [InstanceID] {
        Array(starting.keys) + Array(turns.keys) + Array(clearing) + Array(stopping) + Array(idle)
    }

    @discardableResult
    mutating func arrive(
        _ number: Int, _ fingerprint: String = "a", timeout: Milliseconds = .seconds(60),
        conversation: PoolConversation? = nil
    )
        -> [PoolEffect<String>]
    {
        let token = Self.token(number)
        accepted[token] = fingerprint
        wanted[token] = conversation
        return take(
            pool.attemptArrived(
                PoolAttempt(token: token, fingerprint: fingerprint, timeout: timeout, conversation: conversation),
                at: now))
    }

    @discardableResult
    mutating func started(_ id: InstanceID) -> [PoolEffect<String>] {
        if starting.removeValue(forKey: id) != nil { idle.insert(id) }
        return take(pool.instanceStarted(id, at: now))
    }

    @discardableResult
    mutating func startFailed(_ id: InstanceID, missing: Bool = false) -> [PoolEffect<String>] {
        if starting.removeValue(forKey: id) != nil { idle.insert(id) }
        return take(pool.startFailed(id, .init(message: "it broke", programIsMissing: missing), at: now))
    }

    @discardableResult
    mutating func turnEnded(_ id: InstanceID, _ report: TurnReport = .init(succeeded: true)) -> [PoolEffect<String>] {
        if turns.removeValue(forKey: id) != nil {
            idle.insert(id)
            memory[id] = report.head ?? "what a turn left"
        }
        return take(pool.turnEnded(id, report, at: now))
    }

    @discardableResult
    mutating func held(_ id: InstanceID) -> [PoolEffect<String>] { take(pool.callHeld(id, at: now)) }

    @discardableResult
    mutating func released(_ id: InstanceID) -> [PoolEffect<String>] { take(pool.callReleased(id, at: now)) }

    @discardableResult
    mutating func cleared(_ id: InstanceID, succeeded: Bool = true) -> [PoolEffect<String>] {
        if clearing.remove(id) != nil {
            idle.insert(id)
            if succeeded { memory[id] = "" }
        }
        return take(pool.cleared(id, succeeded: succeeded, at: now))
    }

    @discardableResult
    mutating func stopped(_ id: InstanceID) -> [PoolEffect<String>] {
        stopping.remove(id)
        return take(pool.instanceStopped(id, at: now))
    }

    /// Lets time pass, in the steps that the pool asked for.
    @discardableResult
    mutating func pass(_ time: Milliseconds) -> [PoolEffect<String>] {
        let end = now + time
        var effects: [PoolEffect<String>] = []
        while let due = wake, due <= end {
            now = max(now, due)
            wake = nil
            effects += take(pool.timePassed(at: now))
        }
        now = end
        return effects
    }

    /// Follows the effects and judges them.
    @discardableResult
    mutating func take(_ effects: [PoolEffect<String>]) -> [PoolEffect<String>] {
        for effect in effects { follow(effect) }
        checkTogether(after: effects)
        log += effects
        return effects
    }

    private mutating func follow(_ effect: PoolEffect<String>) {
        switch effect {
        case .start(let id, let fingerprint, let token):
            #expect(accepted[token] == fingerprint, "\(id) is launched as its attempt asks")
            #expect(ended[token] == nil, "\(token) has ended and gets no instance")
            #expect(launched[id] == nil, "\(id) is launched once")
            #expect(!processes.contains { $0.slot == id.slot }, "slot \(id.slot) holds one process at most")
            launched[id] = fingerprint
            memory[id] = wanted[token]?.head ?? ""
            starting[id] = fingerprint
        case .startSpare(let id, let fingerprint):
            #expect(launched[id] == nil && !processes.contains { $0.slot == id.slot })
            launched[id] = fingerprint
            memory[id] = ""
            starting[id] = fingerprint
        case .runTurn(let id, let token):
            #expect(idle.remove(id) != nil, "\(id) is idle when it gets a turn")
            #expect(launched[id] == accepted[token], "\(token) runs on an instance launched for it")
            #expect(ended[token] == nil, "\(token) has ended and is not run")
            #expect(memory[id] == wanted[token]?.head ?? "", "\(id) holds what \(token) goes on from, and nothing else")
            #expect(!turns.values.contains(token), "\(token) runs once at a time")
            turns[id] = token
        case .clear(let id):
            #expect(idle.remove(id) != nil, "\(id) is cleared between turns")
            clearing.insert(id)
        case .interrupt(let id): #expect(turns[id] != nil, "\(id) is interrupted in a turn")
        case .terminate(let id): #expect(turns[id] != nil, "\(id) gets TERM in a turn")
        case .kill(let id): #expect(processes.contains(id), "\(id) lives when it is killed")
        case .stop(let id):
            #expect(!stopping.contains(id), "\(id) is stopped once")
            #expect(processes.contains(id), "\(id) lives when it is stopped")
            idle.remove(id)
            starting[id] = nil
            turns[id] = nil
            clearing.remove(id)
            stopping.insert(id)
        case .end(let token, let end, _):
            #expect(accepted[token] != nil, "\(token) was sent before it ended")
            #expect(ended[token] == nil, "\(token) ends once")
            ended[token] = end
        case .wake(let time): wake = time
        case .capacityChanged: break
        case .drained: drained = true
        }
    }

    private func checkTogether(after effects: [PoolEffect<String>]) {
        let held = Set(pool.tokens)
        #expect(held.count == pool.tokens.count, "no attempt is held twice: \(effects)")
        #expect(
            held == Set(accepted.keys).subtracting(ended.keys), "held is what was sent and has not ended: \(effects)")
        #expect(pool.instances == processes.count, "a slot for each process: \(effects)")
        #expect(pool.busy == turns.count, "a busy slot for each turn: \(effects)")
        #expect(processes.count <= pool.configuration.slots)
        #expect((0...pool.configuration.slots).contains(pool.capacity))
        #expect(
            (pool.capacity < pool.configuration.slots) == !pool.heldBecause.isEmpty, "a lowered capacity has a reason")
    }
}

/// Seeded, the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
