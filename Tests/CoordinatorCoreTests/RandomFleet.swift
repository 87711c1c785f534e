import ClusterModel

@testable import CoordinatorCore

/// Where the random fleet's records go besides the model: a real store, in the store's own tests.
protocol Backing {
    func commit(_ records: [DurableRecord]) throws
    /// As after a crash: what a new coordinator finds.
    mutating func reopen() throws -> RecoveredState
}

/// A coordinator, clients and agents that do anything in any order, from a seed. Errors are collected as sentences.
struct RandomFleet {
    struct Agent {
        let id: AgentID
        let name: String
        var incarnation: UInt64 = 1
        /// Nil: not introduced to this coordinator.
        var index: AgentIndex?
        var session: UInt64 = 0
        var capacity: UInt32
        var running: [AttemptToken] = []
        var told: Set<AttemptToken> = []
        var outbox: [AttemptResult] = []
    }

    /// A submit that its client repeats until it is answered.
    struct Submit {
        var batches: [SubmitBatch]
        /// Batches that were acknowledged.
        var done = 0
        var waitsFor: ReplyHandle?
    }

    static let store = StoreID(rawValue: 0xFEED)

    var random: SplitMix64
    var core: CoordinatorCore
    /// Everything the core has recorded, on disk or not.
    var view = ModelStore(storeID: store)
    var disk = ModelStore(storeID: store)
    /// The core as it was when the last turn that is on disk was taken.
    var committed: CoordinatorCore
    var flying: (turn: Turn, core: CoordinatorCore)?
    var seen = 0
    var now = Moment(instant: Instant(nanoseconds: 1_000_000_000), wall: WallTime(milliseconds: 1_700_000_000_000))
    var agents: [Agent] = []
    var submits: [Submit] = []
    var acknowledgedTasks: [JobID: UInt32] = [:]
    var history: [AttemptResult] = []
    var sent: Set<AttemptToken> = []
    var nextHandle: UInt64 = 1
    var term: UInt64 = 1
    var inputs = 0
    var crashes = 0
    var wrong: [String] = []
    /// Finished jobs that the core wants to have read.
    var reloads: [JobID] = []
    /// Jobs whose client gave up.
    var abandoned: [JobID] = []
    var refusals = 0
    var controls = 0
    var prunes = 0
    var backing: (any Backing)?
    let thorough: Bool
    static let configuration = CoreConfiguration(
        lease: .seconds(10), suspectAfter: .seconds(3), retryBase: 200, retryCap: .seconds(20), maxQueuedTasks: 60,
        maxAgents: 7,
        maxAttemptsInAll: 12, ordersPerTurn: 5, sweepPerTurn: 3, perDay: Spend(microUSD: 100_000))

    init(seed: UInt64, thorough: Bool = true, backing: (any Backing)? = nil) {
        random = SplitMix64(seed: seed)
        self.thorough = thorough
        self.backing = backing
        core = CoordinatorCore(storeID: Self.store, term: 1, configuration: Self.configuration, seed: seed)
        committed = core
        for number in 0..<6 {
            // Two of them want the same name.
            agents.append(
                Agent(
                    id: AgentID(rawValue: UInt64(number) + 1), name: "host\(number == 5 ? 0 : number)",
                    capacity: UInt32(1 + number % 4)))
        }
    }

    /// After every input.
    mutating func settle() {
        inputs += 1
        let records = Array(core.turn.records[min(seen, core.turn.records.count)...])
        if !records.isEmpty { view.apply(records) }
        seen = core.turn.records.count
        if thorough || inputs % 16 == 0 { wrong += core.sanityCheck() }
        if !view.violations.isEmpty { wrong += view.violations }
    }

    var failed: Bool { !wrong.isEmpty || !disk.violations.isEmpty }

    // MARK: the loop

    mutating func takeTurn() {
        guard flying == nil, core.hasPendingTurn else { return }
        let turn = core.takeTurn()
        seen = 0
        flying = (turn, core)
    }

    mutating func writeTurn() -> [Effect] {
        guard let (turn, core) = flying else { return [] }
        flying = nil
        do { try backing?.commit(turn.records) } catch { wrong.append("the store refused a turn: \(error)") }
        disk.apply(turn.records)
        committed = core
        return turn.effects
    }

    mutating func crash() {
        // The turn under way is on disk or not; its effects are lost either way.
        if random.oneIn(2) { _ = writeTurn() }
        flying = nil
        crashes += 1
        term += 1
        pass(Int64(random.below(3000)))
        if random.oneIn(5) { now.wall.milliseconds += Int64(random.below(7_200_000)) - 3_600_000 }
        var found = disk.recovered()
        do {
            if let state = try backing?.reopen() {
                if state.lines != found.lines {
                    wrong.append("the store has other facts: " + difference(state.lines, found.lines))
                }
                if state.frame.nextRow <= state.highestRow {
                    wrong.append("the next row \(state.frame.nextRow) is taken")
                }
                found = state
                disk.reopened(nextRow: state.frame.nextRow)
            }
        } catch { wrong.append("the store can't be read: \(error)") }
        core = CoordinatorCore(storeID: Self.store, term: term, configuration: Self.configuration, seed: random.next())
        core.recover(found, at: now)
        view = disk
        seen = 0
        // Work over whole jobs begins again from its start: then more may have changed.
        if !committed.hasSweeps, !core.hasSweeps, core.digest != committed.digest {
            wrong.append("a restart changed " + difference(core.digest, committed.digest))
        }
        for place in agents.indices { agents[place].index = nil }
        for place in submits.indices { submits[place].waitsFor = nil }
        settle()
    }

    private func difference(_ have: [String], _ want: [String]) -> String {
        for (a, b) in zip(have, want) where a != b { return "<\(b)> to <\(a)>" }
        return "\(want.count) lines to \(have.count)"
    }

    mutating func pass(_ milliseconds: Int64) {
        now.instant = now.instant + Milliseconds(milliseconds)
        now.wall.milliseconds += milliseconds
    }

    // MARK: effects

    mutating func carryOut(_ effects: [Effect], lossy: Bool) {
        for effect in effects {
            switch effect {
            case .reply(let handle, let reply): answered(handle, reply)
            case .refuse: break
            case .reload(let job): reloads.append(job)
            case .welcome(let index, let welcome):
                guard let place = agents.firstIndex(where: { $0.index == index && $0.session == welcome.session })
                else { continue }
                agents[place].running.removeAll { welcome.abandon.contains($0) }
            case .assign(let index, let orders):
                for order in orders where !sent.insert(order.token).inserted {
                    wrong.append("\(order.token) was sent twice")
                }
                guard let place = agents.firstIndex(where: { $0.index == index }) else { continue }
                if lossy, random.oneIn(20) {
                    agents[place].index = nil  // The connection broke: it will introduce itself again.
                } else {
                    agents[place].running += orders.map(\.token)
                }
            case .acknowledge(let index, let tokens):
                for token in tokens where !disk.reported.contains(token) {
                    wrong.append("\(token) was acknowledged and is not stored")
                }
                guard let place = agents.firstIndex(where: { $0.index == index }) else { continue }
                if lossy, random.oneIn(10) { continue }
                agents[place].outbox.removeAll { tokens.contains($0.token) }
            case .cancel(let index, let tokens):
                guard let place = agents.firstIndex(where: { $0.index == index }) else { continue }
                agents[place].told.formUnion(tokens)
            }
        }
    }

    private mutating func answered(_ handle: ReplyHandle, _ reply: Reply) {
        let waiting = submits.firstIndex { $0.waitsFor == handle }
        switch reply {
        case .submitted(let job, let count, let sealed):
            acknowledgedTasks[job] = max(acknowledgedTasks[job] ?? 0, count)
            let stored = disk.jobs[job]
            // Pruned in the turn that acknowledged it.
            let isGone = stored == nil && job.rawValue < disk.nextJob
            if !isGone, (stored?.tasks.count ?? -1) < Int(count) || (sealed && stored?.sealed == false) {
                wrong.append(
                    "job \(job) was acknowledged with \(count) tasks, the store has \(stored?.tasks.count ?? -1)")
            }
            guard let waiting else { return }
            if !isGone, stored?.key != submits[waiting].batches[0].key {
                wrong.append("a submit was answered with another's job")
            }
            submits[waiting].done += 1
            submits[waiting].waitsFor = nil
        case .refused(let code, _) where [.invalid, .cycle, .jobSealed, .unknownJob].contains(code):
            // Its client gives up, and has what is there of the job ended.
            guard let waiting else { return }
            let submit = submits.remove(at: waiting)
            refusals += 1
            for (id, job) in view.jobs where job.key == submit.batches[0].key { abandoned.append(id) }
        case .refused, .cancelled, .controlled, .pruned, .quotaChanged:
            if let waiting { submits[waiting].waitsFor = nil }
        }
    }

    func handle(_ number: UInt64) -> ReplyHandle { ReplyHandle(rawValue: number) }
}
