import ClusterModel
import Quotas

/// What happens in the world of quotas.
enum QuotaEvent {
    case turn(life: Int)
    case written(life: Int, QuotaSnapshot)
    case arrives(life: Int, QuotaLetter)
    case told(CallNotice)
    case reaches(holder: UInt64, number: UInt64)
    case goesOn(holder: UInt64, number: UInt64, part: Int)
    case crash
    case starts
    case beforeEnds(life: Int)
    case stall
    case slowDisk
    case saysAgain(slot: Int, life: Int)
    case holderDies(slot: Int)
    case holderLost(UInt64)
}

/// From a holder to the coordinator.
struct QuotaLetter {
    enum Text {
        case ask(CallWish)
        case adopt(CallWish)
        case news(UInt64, CallNews)
        case died
    }
    var holder: UInt64
    var text: Text
}

/// A program that makes calls: one of an agent's instances, say.
struct CallHolder {
    struct Held {
        enum State { case waits, travels, runs }
        var call: WorldCall
        var state = State.waits
        var written: Int64 = 0
        var words: [LimitWord] = []
    }
    var id: UInt64
    /// The coordinator's life that it is connected to.
    var life = -1
    var calls: [UInt64: Held] = [:]
    var lastArrival: Micros = 0
}

/// A grant of one life of the coordinator.
struct GrantKey: Hashable {
    var holder: UInt64
    var number: UInt64
    var life: Int
}

/// One desk, its holders and a service that judges it, in simulated time.
struct QuotaWorld {
    let scenario: QuotaScenario
    var draw: Draw
    var events = EventQueue<QuotaEvent>()
    var now: Micros = 0
    var service: LimitedService
    var report: QuotaReport
    var holders: [CallHolder] = []
    /// Slots of the holders that live, by their ids.
    var slots: [UInt64: Int] = [:]
    var nextHolder: UInt64 = 1
    var nextCall: UInt64 = 1

    // The coordinator.
    var desk: CallDesk?
    var life = 0
    var disk: [QuotaRecord] = []
    var inbox: [QuotaLetter] = []
    var turnAt: Micros?
    /// Calls of before the restart have ended, or their holders have.
    var endsBefore = false
    var stalledUntil: Micros = 0
    var slowUntil: Micros = 0
    var diskFree: Micros = 0
    /// What a boot's clock shows less the true time, in microseconds.
    var clockOffset: Int64 = 0
    var reading: Int64 = 0
    var lastGrant: Micros = 0
    var meter: UseMeter
    /// Snapshots on their way to the disk.
    var inFlight: [QuotaSnapshot] = []
    /// Calls that this life of the coordinator has let go: a repeated answer is no second one.
    var granted: Set<GrantKey> = []
    var isOver = false

    /// With nothing granted for so long, though the coordinator is up, something is stuck.
    static let stuckAfter: Micros = .s(600)

    init(_ scenario: QuotaScenario) {
        self.scenario = scenario
        draw = Draw(seed: scenario.seed &* 3 &+ (scenario.costs == .exact ? 0 : 1))
        service = LimitedService(scenario.limits, chargesLate: scenario.costs == .logNormal)
        report = QuotaReport(costs: scenario.costs)
        report.seeds = 1
        report.note = scenario.note
        meter = UseMeter(scenario.limits[scenario.binding])
        for _ in 0..<scenario.holders { holders.append(CallHolder(id: 0)) }
        for slot in holders.indices { holderStarts(slot) }
    }

    mutating func run() -> QuotaReport {
        events.plan(.starts, at: 0)
        for slot in holders.indices { plan(.holderDies(slot: slot), every: scenario.crashEvery * 3) }
        plan(.crash, every: scenario.crashEvery)
        plan(.stall, every: scenario.crashEvery / 3)
        plan(.slowDisk, every: scenario.crashEvery)
        while !isOver, let (at, event) = events.next() {
            meter.hold(service.held(scenario.binding), until: at)
            now = at
            handle(event)
        }
        meter.finish(&report, meanCost: scenario.meanCost, seed: scenario.seed)
        if let fault = report.faults.first {
            report.faults[0] = "seed \(scenario.seed), \(scenario.costs.rawValue): \(fault)"
        }
        return report
    }

    private mutating func handle(_ event: QuotaEvent) {
        switch event {
        case .turn(let stamp) where stamp == life: turn()
        case .written(let stamp, let snapshot) where stamp == life: written(snapshot)
        case .arrives(let stamp, let letter) where stamp == life && desk != nil:
            inbox.append(letter)
            wake(at: now + draw.between(0, 500))
        case .told(let notice): told(notice)
        case .reaches(let holder, let number): reaches(holder, number)
        case .goesOn(let holder, let number, let part): goesOn(holder, number, part)
        case .crash: crash()
        case .starts: starts()
        case .beforeEnds(let stamp) where stamp == life:
            endsBefore = true
            wake(at: now)
        case .stall:
            plan(.stall, every: scenario.crashEvery / 3)
            guard desk != nil else { return }
            report.stalls += 1
            stalledUntil = now + draw.between(.ms(50), .s(3))
            meter.pause(until: stalledUntil + .ms(300))
        case .slowDisk:
            plan(.slowDisk, every: scenario.crashEvery)
            report.slowDisks += 1
            slowUntil = now + draw.between(.s(1), .s(6))
            meter.cool(until: slowUntil + .s(8))
        case .saysAgain(let slot, let stamp) where stamp == life: saysAgain(slot)
        case .holderDies(let slot): holderDies(slot)
        case .holderLost(let id): arrive(QuotaLetter(holder: id, text: .died))
        case .turn, .written, .arrives, .beforeEnds, .saysAgain: return
        }
    }

    mutating func plan(_ event: QuotaEvent, every mean: Micros) {
        events.plan(event, at: now + draw.between(mean / 2, mean * 3 / 2))
    }

    mutating func fail(_ why: String) {
        report.faults.append("at \(now) us: \(why)")
        isOver = true
    }
}
