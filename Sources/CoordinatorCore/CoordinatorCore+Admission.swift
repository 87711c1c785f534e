import ClusterModel
import Quotas

/// Tasks of one class of models: how many may run at once, so that those that run keep its limits busy and no more of them wait with an
/// instance each.
struct Admission {
    /// As in the tasks' options; empty: they name no model.
    let model: String
    var running = 0
    /// Of those: they have made a call. The others' instances are still being started, and say nothing of the limits.
    var calling = 0
    /// Attempts whose costs were learned.
    var attempts: UInt64 = 0
    /// Of an attempt, without the time that its calls were held, in milliseconds.
    var activeMilliseconds: Int64 = 0
    /// What an attempt takes from each bucket, by the bucket's place, in thousandths.
    var costs: [Int64] = []
    /// While nothing waits for a permit, more may run than is known to be needed: doubled each ``rampEvery``.
    var ramp = Admission.firstRamp
    var lastRamp: Instant?

    /// Tasks that run before anything is known of their costs.
    static let firstRamp = 8
    static let rampEvery = Milliseconds.seconds(1)
    /// No ramp is higher.
    static let highestRamp = 1_000_000

    /// An average in which each new attempt counts an eighth.
    mutating func learn(_ spend: TaskSpend, took milliseconds: Int64) {
        let active = max(1, milliseconds - spend.heldMilliseconds)
        activeMilliseconds = attempts == 0 ? active : (activeMilliseconds * 7 + active) / 8
        for place in spend.costs.indices {
            let cost = spend.costs[place] * 1000
            if place >= costs.count { costs.append(attempts == 0 ? cost : 0) }
            costs[place] = attempts == 0 ? cost : (costs[place] * 7 + cost) / 8
        }
        attempts += 1
    }

    /// Tasks that keep the tightest rate busy, a third more, and one that waits already when another ends. Nil: not known.
    func needed(_ room: ServiceRoom) -> Int? {
        guard attempts > 0 else { return nil }
        var least: Int?
        for rate in room.rates {
            guard rate.place < costs.count, costs[rate.place] > 0 else { continue }
            let over = Int128(costs[rate.place]) * 10_000
            let slots = (Int128(rate.perThousandSeconds) * Int128(activeMilliseconds) * 13 + over - 1) / over
            least = min(least ?? .max, Int(clamping: slots) + 1)
        }
        return least
    }
}

extension CoordinatorCore {
    /// Tasks of no class are not held back.
    static let noClass: Int32 = -1

    /// The class of a requirement's tasks.
    mutating func admissionClass(_ requirement: Requirement) -> Int32 {
        guard requirement.runner == "claude" else { return Self.noClass }
        if let known = admissions.firstIndex(where: { $0.model == requirement.modelClass }) { return Int32(known) }
        admissions.append(Admission(model: requirement.modelClass))
        return Int32(admissions.count - 1)
    }

    func admissionClass(of task: TaskID) -> Int32 {
        guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count else { return Self.noClass }
        return classOfKind[jobs[job].kinds[Int(jobs[job].tasks[Int(task.index)].options)]]
    }

    /// Tasks of a class that may be started now, beside critical ones, which always may.
    mutating func admits(_ place: Int, at now: Instant) -> Int {
        guard let room = desk?.room(service: "claude", model: admissions[place].model, at: now), room.isLimited else {
            return .max
        }
        if room.parkedUntil != nil { return 0 }
        let needed = admissions[place].needed(room)
        let isIdle = !room.hasWaiting && admissions[place].calling * 2 >= admissions[place].running
        if isIdle {
            let last = admissions[place].lastRamp
            if let last, now.milliseconds(since: last) >= Admission.rampEvery {
                let base = max(admissions[place].ramp, admissions[place].running)
                admissions[place].ramp = min(base * 2, Admission.highestRamp)
                admissions[place].lastRamp = now
            } else if last == nil {
                admissions[place].lastRamp = now
            }
        } else if room.hasWaiting, needed != nil {
            admissions[place].ramp = 0
            admissions[place].lastRamp = now
        }
        var most = max(needed ?? Admission.firstRamp, admissions[place].ramp)
        if let concurrency = room.concurrency { most = min(most, Int(clamping: concurrency + concurrency / 4 + 1)) }
        return max(0, most - admissions[place].running)
    }

    /// What an attempt took of the limits says what the next of its class will.
    mutating func learnCosts(of task: TaskID, class place: Int32, took milliseconds: Int64) {
        guard place >= 0, desk != nil else { return }
        guard let spend = desk?.takeSpend(of: task.packed), spend.calls > 0 else {
            // It made no call that anybody counts, as behind an agent without a gateway: such tasks are not held back for long.
            let base = max(admissions[Int(place)].ramp, admissions[Int(place)].running)
            admissions[Int(place)].ramp = min(base * 2, Admission.highestRamp)
            return
        }
        admissions[Int(place)].learn(spend, took: max(0, milliseconds))
    }

    /// Takes what an attempt will probably take of the limits, where its agent has no gateway and its calls ask for nothing. False: there is
    /// not enough of them now.
    mutating func reservesLimits(_ index: UInt32, of lane: Int, on agent: Int, at now: Instant) -> Bool {
        let place = classOfKind[lanes[lane].kind]
        guard place >= 0, agents[agent].isUnmetered, desk != nil else { return true }
        let job = lanes[lane].job
        let task = TaskID(job: jobs[job].id, index: index)
        let admission = admissions[Int(place)]
        return desk?.reserve(
            task.packed, service: BucketName.claude, model: admission.model, kind: jobs[job].spec.name,
            priority: lanes[lane].priority, costs: admission.attempts > 0 ? admission.costs : [],
            holder: UInt64(bitPattern: Int64(agent)), at: now) ?? true
    }

    /// The attempt has ended: what it reported replaces what was taken for it. Nothing where its calls were metered.
    mutating func settleLimits(_ task: TaskID, on index: AgentIndex, _ usage: Usage?, at now: Instant) {
        let usage = usage == Usage() ? nil : usage
        desk?.settleAttempt(
            task.packed, holder: Self.holder(index),
            input: usage.map { Int64(clamping: $0.inputTokens.plus($0.cacheCreationInputTokens)) },
            output: usage.map { Int64(clamping: $0.outputTokens) }, at: now)
    }

    /// Why a task that could run is not started; nil: the limits let it.
    func whyNotAdmitted(_ job: Int, _ row: Int, priority: Priority, at now: Instant) -> Explanation.Reason? {
        let place = classOfKind[jobs[job].kinds[row]]
        guard place >= 0, priority != .critical, var desk,
            case let room = desk.room(service: "claude", model: admissions[Int(place)].model, at: now), room.isLimited
        else { return nil }
        let model = admissions[Int(place)].model
        let which = model.isEmpty ? "tasks" : "tasks of \(model)"
        if let until = room.parkedUntil {
            let left = max(0, until.milliseconds(since: now).rawValue)
            return .init(
                "quota",
                "\(which) are not started: \(room.parkedName) is parked for \((left + 999) / 1000) s because the service refused a call"
            )
        }
        let admission = admissions[Int(place)]
        let most = max(admission.needed(room) ?? Admission.firstRamp, admission.ramp)
        guard admission.running >= most else { return nil }
        return .init(
            "quota",
            "\(admission.running) \(which) run, which is what the limits let through: see `ccctl quota`")
    }
}
