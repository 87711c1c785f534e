import ClusterModel
import CoordinatorCore
import DequeModule

/// The coordinator's process: the core and what the loop keeps beside it. All of it is gone after a crash.
struct Host {
    /// A turn that is being written.
    struct Flight {
        var steps: [Step]
        var effects: [Effect]
        var fails: Bool
    }

    /// What the coordinator was told by an agent.
    struct Contact {
        var index: AgentIndex?
        /// Nil: no connection of it is known.
        var connection: Int?
        var session: UInt64 = 0
        var capacity: UInt32 = 0
        var lastHeard: Micros = 0
        var isHere = false
        var incarnation: UInt64 = 0
        /// It was away for a lease after a start: what it calls counts no more.
        var isGivenUp = false
    }

    var core: CoordinatorCore
    var isUp = false
    var life = 0
    var term: UInt64 = 0
    var agentMail: Deque<Envelope> = []
    var clientMail: Deque<Envelope> = []
    var steps: [Step] = []
    var effects: [Effect] = []
    var hasRecords = false
    var weight = 0
    var flight: Flight?
    var contacts: [Contact] = []
    var placeOfIndex: [Int32: Int] = [:]
    var waiting: [UInt64: (client: Int, request: UInt64)] = [:]
    var nextHandle: UInt64 = 1
    var loopAt: Micros?
    var loopStamp = 0
    var lastTurn: Micros = 0
    var expected: Micros = 0
    var stalledUntil: Micros = 0
    /// When this life began.
    var begun: Micros = 0
    /// When the coordinator's own account of its permits was last looked at.
    var lastStanding: Micros = 0
    /// Jobs whose priorities a user may have changed.
    var prioritized: Set<JobID> = []
    /// Where the next crash is to strike.
    var trap: CrashPhase?

    init(_ core: CoordinatorCore) { self.core = core }

    static let rowsPerCommit = 1400
    static let messagesPerDrain = 256
    static let pollAtMost: Micros = .ms(250)
    static let stall: Micros = .ms(500)
}

extension Simulation {
    mutating func startCoordinator() {
        guard !host.isUp else { return }
        let life = host.life
        let term = host.term + 1
        let prioritized = host.prioritized
        host = Host(newCore(term: term))
        host.life = life + 1
        host.prioritized = prioritized
        takeUp(term: term)
    }

    private func newCore(term: UInt64) -> CoordinatorCore {
        CoordinatorCore(
            storeID: Scenario.store, term: term, configuration: scenario.core, seed: Draw.fixed(scenario.seed, term))
    }

    /// The core goes on from what is on disk.
    mutating func takeUp(term: UInt64) {
        host.term = term
        host.isUp = true
        host.contacts = agents.map { _ in Host.Contact() }
        host.lastTurn = clock.now
        host.begun = clock.now
        note("coordinator starts, term \(term)")
        let state = disk.recovered()
        let moment = clock.moment
        referee.saw(.coordinatorStarted(wall: moment.wall), at: clock.now)
        openDesk(state)
        input("recover") { $0.recover(state, at: moment) }
        host.core.diskMeasured(isLow: diskIsLow)
        wakeLoop(at: clock.now)
    }

    mutating func crashCoordinator() {
        guard host.isUp else { return }
        note("coordinator dies")
        host.isUp = false
        host.life += 1
        host.loopStamp += 1
        for place in agents.indices { breakConnection(place, after: draw.between(.ms(50), .ms(600))) }
        events.plan(.coordinatorStarts, at: clock.now + draw.between(.ms(200), .s(isHealed ? 1 : 4)))
    }

    /// Dies here if that is what was planned.
    mutating func falls(_ phase: CrashPhase) -> Bool {
        guard host.trap == phase else { return false }
        host.trap = nil
        census.count("fault.crash_" + phase.rawValue)
        crashCoordinator()
        return true
    }

    /// Feeds the core and takes what it made.
    @discardableResult
    mutating func input<R>(
        _ cause: @autoclosure () -> String, offers: [Step.Offer]? = nil, _ body: (inout CoordinatorCore) -> R
    ) -> R {
        let result = body(&host.core)
        guard host.core.hasPendingTurn else {
            if offers != nil { host.steps.append(Step(at: clock.now, offers: offers, records: [])) }
            return result
        }
        let turn = host.core.takeTurn()
        note("  core: \(cause())")
        for record in turn.records {
            census.count(record.censusName)
            if case .taskEnded(let end) = record { countEnd(end) }
            if case .taskHeld(_, let why) = record, why.hasPrefix("attempt") { census.count("seen.held_after_loss") }
            trace.add("    \(record.line)")
        }
        for effect in turn.effects {
            census.count(effect.censusName)
            trace.add("    → \(effect.line)")
        }
        host.steps.append(Step(at: clock.now, offers: offers, records: turn.records))
        host.hasRecords = host.hasRecords || !turn.records.isEmpty
        host.effects += turn.effects
        host.weight += turn.weight
        return result
    }

    private mutating func countEnd(_ end: EndedTask) {
        census.count("end." + end.state.name)
        if end.failure?.known == .poison { census.count("seen.poisoned") }
    }

    mutating func wakeLoop(at: Micros) {
        guard host.isUp else { return }
        let at = max(at, host.stalledUntil)
        if let planned = host.loopAt, planned <= at { return }
        host.loopAt = at
        host.loopStamp += 1
        events.plan(.loopTurns(stamp: host.loopStamp), at: at)
    }
}
