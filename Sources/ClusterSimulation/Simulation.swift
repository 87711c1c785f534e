import ClusterModel
import CoordinatorCore

/// A fleet in simulated time: the real core, and round it agents, clients, a network, a disk and their faults, all from one seed.
struct Simulation {
    let scenario: Scenario
    let sabotage: Sabotage?
    var clock = Clock()
    var events = EventQueue<Event>()
    var draw: Draw
    var trace: Trace
    var census = Census()
    var referee: Referee
    /// What has been written and synced.
    var disk = Ledger()
    var agents: [SimulatedAgent]
    var clients: [SubmittingClient]
    var user = ControllingUser()
    var host: Host
    var wires: [Wire]
    var clientWires: [Wire]
    var isHealed = false
    var commitTime: ClosedRange<Micros>
    var diskIsLow = false
    var nextCommitFails = false
    var handled = 0
    var isOver = false

    /// A run is broken off after so many events: something goes round in circles.
    static let eventsAtMost = 400_000

    init(seed: UInt64, isTraced: Bool, sabotage: Sabotage? = nil) {
        let scenario = Scenario(seed: seed)
        self.scenario = scenario
        self.sabotage = sabotage
        draw = Draw(seed: seed)
        trace = Trace(isKept: isTraced)
        referee = Referee(scenario.core, fairJobs: scenario.profile == .fairness, calls: scenario.calls)
        agents = scenario.agents.map { SimulatedAgent(plan: $0) }
        clients = scenario.submits.map { SubmittingClient(plan: $0) }
        host = Host(CoordinatorCore(storeID: Scenario.store, term: 0, configuration: scenario.core, seed: 0))
        wires = scenario.agents.map { _ in Wire() }
        clientWires = (0...scenario.submits.count).map { _ in Wire() }
        commitTime = scenario.diskTime
        census.expect(Census.expected)
    }

    /// Runs to the end and says what came of it.
    mutating func run() -> SimulationReport {
        census.count("profile." + scenario.profile.rawValue)
        countLimits()
        trace.add(
            "seed \(scenario.seed), \(scenario.profile.rawValue), \(agents.count) agents, \(clients.count) submits")
        events.plan(.coordinatorStarts, at: 0)
        for place in agents.indices { events.plan(.agentStarts(place), at: agents[place].plan.startsAt) }
        for place in clients.indices { events.plan(.clientActs(place), at: scenario.submits[place].at) }
        if scenario.controlEvery > 0 { events.plan(.userActs, at: .s(2)) }
        planFaults()
        events.plan(.heals, at: scenario.healsAt)
        while !isOver, let (at, event) = events.next() {
            clock.now = at
            handled += 1
            handle(event)
            if !referee.violations.isEmpty || handled >= Self.eventsAtMost { break }
        }
        let outboxes = Set(agents.flatMap { $0.outbox.map(\.result.token) })
        if handled >= Self.eventsAtMost { referee.saw(.neverEnds, at: clock.now) }
        if referee.violations.isEmpty, isOver { lookAtPermits() }
        if referee.violations.isEmpty { referee.saw(.over(outboxes: outboxes), at: clock.now) }
        for violation in referee.violations { trace.add("VIOLATION \(violation)") }
        referee.count(&census)
        for checker in referee.checkers {
            if let checker = checker as? Inversions { census.count("seen.inversions_judged", checker.judged) }
            if let checker = checker as? FairShares { census.count("seen.shares_judged", checker.judged) }
        }
        return SimulationReport(
            seed: scenario.seed, profile: scenario.profile.rawValue, events: handled, hash: trace.hash,
            violations: referee.violations, census: census, trace: trace.lines)
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .arrives(let envelope): arrived(envelope)
        case .agentMail(let agent, let connection, let mail): agentReceived(agent, connection, mail)
        case .clientMail(let client, let request, let reply): clientReceived(client, request, reply)
        case .loopTurns(let stamp): if stamp == host.loopStamp { turnLoop() }
        case .synced(let life): if life == host.life { synced() }
        case .committed(let life): if life == host.life { committed() }
        case .reloaded(let life, let job): if life == host.life { reloaded(job) }
        case .crash(let life): if life == host.life, host.isUp { crashCoordinator() }
        case .coordinatorStarts: startCoordinator()
        case .agentStarts(let agent): startAgent(agent)
        case .agentTicks(let agent, let incarnation): tick(agent, incarnation)
        case .reconnects(let agent, let connection): reconnect(agent, connection)
        case .attemptEnds(let agent, let incarnation, let token, let cancelled):
            attemptEnded(agent, incarnation, token, cancelled: cancelled)
        case .outboxHas(let agent, let incarnation, let result): outboxHas(agent, incarnation, result)
        case .callDue(let agent, let incarnation, let token): callDue(agent, incarnation, token)
        case .callReaches(let key): callReaches(key)
        case .callEnds(let key, let outcome): callEnds(key, outcome)
        case .clientActs(let client): act(client)
        case .userActs: userActs()
        case .fault(let fault): strike(fault)
        case .heals: heal()
        }
    }

    private mutating func countLimits() {
        guard let calls = scenario.calls else { return }
        census.count(calls.isExact ? "limit.exact" : "limit.learned")
        for limit in calls.limits {
            census.count("limit." + limit.kind.rawValue)
            if limit.modelClass != nil { census.count("limit.of_class") }
            if limit.reservePerMille > 0 { census.count("limit.reserve") }
            if limit.burst == 1 { census.count("limit.single") }
        }
    }

    mutating func note(_ line: String) { trace.add("\(clock.now) \(line)") }
}

/// What a run has to say.
public struct SimulationReport: Sendable {
    /// It makes the same run again.
    public let seed: UInt64
    /// What the run was mostly about.
    public let profile: String
    /// Events that were handled.
    public let events: Int
    /// FNV-1a over the trace.
    public let hash: UInt64
    /// Rules that were broken, in words; empty: none.
    public let violations: [String]
    /// How often each fault, record and effect occurred.
    public let census: Census
    /// The lines of the trace, if they were asked for.
    public let trace: [String]
}

/// Runs one seed.
public func simulate(seed: UInt64, isTraced: Bool = false) -> SimulationReport {
    var simulation = Simulation(seed: seed, isTraced: isTraced)
    return simulation.run()
}

/// A fault planted between core and world, to see that it is found.
enum Sabotage {
    /// The disk forgets one record in so many of this kind.
    case diskForgets(String, every: Int)
    /// Results reach the core with another attempt's number.
    case wrongToken
    /// The core believes that agents take twice what they say.
    case twiceTheRoom
    /// The core is told of limits that are twice what the service has.
    case twiceTheLimits
    /// A refusal reaches the core as a success.
    case deafToRefusals
    /// So do overload and answers that broke off.
    case deafToOverload
    /// The core does not hear whose calls these are, and so not how urgent.
    case forgetsPriorities
    /// Some reports are acknowledged and not told.
    case losesReports
    /// With each report another call of the same agent ends in the core's eyes.
    case settlesTwice
    /// Nobody grants again what once waited.
    case sleepsOnPermits
}
