import ClusterModel
import CoordinatorCore

/// What one input made the coordinator record, as it became durable.
struct Step {
    var at: Micros
    /// Set when work was handed out here: what the coordinator had been told of its agents by then.
    var offers: [Offer]?
    var records: [DurableRecord]

    /// An agent as its messages have it.
    struct Offer {
        var agent: AgentID
        var capacity: Int
        var labels: [String: String]
        var runners: [String]
    }
}

/// What can be seen from outside the core.
enum Observation {
    case coordinatorStarted(wall: WallTime)
    case sent(AgentID, [AttemptToken])
    case welcomed(AgentID, session: UInt64, abandon: [AttemptToken])
    case delivered(AttemptToken)
    case finished(AttemptToken)
    case acknowledged([AttemptToken])
    case dropped(AttemptToken)
    /// A submit that is in order was refused for good.
    case refused(String)
    case submitAcknowledged(JobID, tasks: UInt32)
    case controlDelivered(Control)
    case controlAcknowledged(Control, changed: UInt32)
    /// What is left takes so long at the most, and nothing stands still for longer than that beside what is usual.
    case healed(work: Micros, pause: Micros)
    case call(CallSight)
    case timePassed
    /// The run was broken off.
    case neverEnds
    case over(outboxes: Set<AttemptToken>)
}

/// Judges a history, apart from the core: it sees records that are durable, messages that were sent and acknowledgements.
protocol Checker {
    /// What is told when it is violated.
    static var rule: String { get }
    var found: [String] { get set }
    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger)
    mutating func after(_ step: Step, _ ledger: Ledger)
    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger)
}

extension Checker {
    mutating func before(_ record: DurableRecord, _ step: Step, _ ledger: Ledger) {}
    mutating func after(_ step: Step, _ ledger: Ledger) {}
    mutating func saw(_ observation: Observation, at now: Micros, _ ledger: Ledger) {}
}

/// Keeps the ledger that the checkers look at, and collects what they find.
struct Referee {
    var ledger = Ledger()
    var checkers: [any Checker]
    private(set) var violations: [String] = []
    let cap: Milliseconds

    init(_ core: CoreConfiguration, fairJobs: Bool = false, calls: CallScenario? = nil) {
        cap = core.retryCap
        checkers = [
            OneEnd(), NothingLost(), OneOpenAttempt(), Tokens(), Inversions(isLimited: calls != nil), LimitsKept(core),
            Dependencies(),
            Liveness(lease: core.lease, cap: core.retryCap), Pauses(),
        ]
        if fairJobs { checkers.append(FairShares()) }
        guard let calls else { return }
        checkers += [
            CallLimits(calls), CallParks(calls), CallOrder(), CallsNarrowed(), CallAccount(core.lease),
            CallFlow(calls, core.lease),
        ]
    }

    mutating func durable(_ steps: [Step]) {
        for step in steps {
            for record in step.records {
                for place in checkers.indices { checkers[place].before(record, step, ledger) }
                ledger.apply(record, at: step.at)
            }
            for place in checkers.indices { checkers[place].after(step, ledger) }
        }
        collect()
    }

    mutating func saw(_ observation: Observation, at now: Micros) {
        if case .coordinatorStarted(let wall) = observation { ledger.restarted(at: now, wall: wall, cap: cap) }
        for place in checkers.indices { checkers[place].saw(observation, at: now, ledger) }
        collect()
    }

    private mutating func collect() {
        for place in checkers.indices where !checkers[place].found.isEmpty {
            let rule = type(of: checkers[place]).rule
            violations += checkers[place].found.map { "\(rule): \($0)" }
            checkers[place].found = []
        }
    }
}

extension Referee {
    /// How often there was something to be judged.
    func count(_ census: inout Census) {
        for checker in checkers { if let checker = checker as? any CallChecker { checker.count(&census) } }
    }
}
