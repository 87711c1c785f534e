import ClusterModel
import Testing

@testable import CoordinatorCore

/// A core on a bench: every input is followed by the check of all invariants, and what it made goes to a model of the store.
final class CoreBench {
    var core: CoordinatorCore
    var disk = ModelStore(storeID: StoreID(rawValue: 7))
    var now = Moment(instant: Instant(nanoseconds: 5_000_000_000), wall: WallTime(milliseconds: 1_000_000))
    var effects: [Effect] = []
    private var handles: UInt64 = 0

    init(_ configuration: CoreConfiguration = CoreConfiguration(), term: UInt64 = 1, seed: UInt64 = 1) {
        core = CoordinatorCore(storeID: StoreID(rawValue: 7), term: term, configuration: configuration, seed: seed)
    }

    /// Takes the turn, stores it, keeps its effects in ``effects``.
    func settle(_ location: SourceLocation = #_sourceLocation) {
        let broken = core.sanityCheck()
        #expect(broken.isEmpty, "\(broken)", sourceLocation: location)
        let turn = core.takeTurn()
        disk.apply(turn.records)
        #expect(disk.violations.isEmpty, "\(disk.violations)", sourceLocation: location)
        effects = turn.effects
    }

    /// A new coordinator over what is stored.
    func restart(after milliseconds: Int64 = 0, _ location: SourceLocation = #_sourceLocation) {
        now.instant = now.instant + Milliseconds(milliseconds)
        now.wall.milliseconds += milliseconds
        let configuration = core.configuration
        core = CoordinatorCore(storeID: core.storeID, term: core.term + 1, configuration: configuration, seed: 2)
        core.recover(disk.recovered(), at: now)
        settle(location)
    }

    func submit(_ batch: SubmitBatch, _ location: SourceLocation = #_sourceLocation) -> Reply? {
        handles += 1
        core.submitArrived(batch, reply: ReplyHandle(rawValue: handles), at: now)
        settle(location)
        return reply(to: handles)
    }

    /// A sealed job of tasks that differ in nothing.
    func submit(
        tasks: Int, priority: Priority = .normal, maxAttempts: UInt32 = 0, key: UInt64, seal: Bool = true,
        _ location: SourceLocation = #_sourceLocation
    ) -> JobID {
        let batch = SubmitBatch(
            key: SubmissionKey(high: 0, low: key), options: [TaskOptions(priority: priority, maxAttempts: maxAttempts)],
            tasks: (0..<tasks).map { TaskSpec(prompt: .text("\($0)")) }, seal: seal)
        guard case .submitted(let job, _, _) = submit(batch, location) else {
            Issue.record("the submit was refused", sourceLocation: location)
            return JobID(rawValue: 0)
        }
        return job
    }

    func cancel(_ job: JobID, _ indexes: [UInt32] = [], _ location: SourceLocation = #_sourceLocation) -> Reply? {
        handles += 1
        core.cancelArrived(job, indexes: indexes, reply: ReplyHandle(rawValue: handles), at: now)
        settle(location)
        return reply(to: handles)
    }

    private func reply(to handle: UInt64) -> Reply? {
        for case .reply(let to, let reply) in effects where to.rawValue == handle { return reply }
        return nil
    }

    /// Nil: refused.
    func hello(
        _ id: UInt64, name: String? = nil, capacity: UInt32 = 10, incarnation: UInt64 = 1, running: [AttemptToken] = [],
        finished: [AttemptToken] = [], _ location: SourceLocation = #_sourceLocation
    ) -> AgentIndex? {
        let outcome = core.agentIntroduced(
            AgentIntroduction(
                route: RouteHandle(rawValue: id), id: AgentID(rawValue: id), incarnation: incarnation,
                name: name ?? "host\(id)",
                capacity: capacity, running: running, finished: finished), at: now)
        settle(location)
        if case .welcomed(let index, _) = outcome { return index }
        return nil
    }

    /// False: it has to introduce itself.
    func heartbeat(
        _ index: AgentIndex, session: UInt64, capacity: UInt32, _ location: SourceLocation = #_sourceLocation
    ) -> Bool {
        let known = core.heartbeatArrived(
            from: index, session: session, AgentReport(capacity: capacity), at: now.instant)
        settle(location)
        return known
    }

    func assign(_ location: SourceLocation = #_sourceLocation) -> [(agent: AgentIndex, token: AttemptToken)] {
        core.sweep(at: now)
        core.assignWork(at: now)
        settle(location)
        return effects.flatMap { effect -> [(agent: AgentIndex, token: AttemptToken)] in
            if case .assign(let agent, let orders) = effect { return orders.map { (agent, $0.token) } }
            return []
        }
    }

    func report(
        _ token: AttemptToken, from agent: AgentIndex, _ state: TaskState = .succeeded, _ failure: TaskFailure? = nil,
        notBurnt: Bool = false, _ location: SourceLocation = #_sourceLocation
    ) {
        core.resultArrived(
            AttemptResult(
                token: token, state: state, failure: failure, usage: Usage(inputTokens: 3), costMicroUSD: 5,
                startedAt: now.wall,
                finishedAt: now.wall, notBurnt: notBurnt), from: agent, at: now)
        settle(location)
        let acknowledged = effects.contains { effect in
            if case .acknowledge(let to, let tokens) = effect { return to == agent && tokens == [token] }
            return false
        }
        #expect(acknowledged, "every result is acknowledged", sourceLocation: location)
    }

    /// Time goes on, with a heartbeat of these agents at its end.
    func pass(_ milliseconds: Int64, heard: [AgentIndex] = [], _ location: SourceLocation = #_sourceLocation) {
        now.instant = now.instant + Milliseconds(milliseconds)
        now.wall.milliseconds += milliseconds
        for agent in heard { core.agentWasHeard(agent, at: now.instant) }
        core.timePassed(to: now)
        settle(location)
    }

    func state(_ job: JobID, _ index: UInt32 = 0) -> TaskState? {
        if let live = core.taskStates(of: job, from: index, count: 1).first { return live.state }
        return disk.task(TaskID(job: job, index: index))?.end?.state
    }

    func agentState(_ index: AgentIndex) -> AgentState {
        core.agentSummaries(at: now.instant)[Int(index.rawValue)].state
    }

    /// What the last input left for this agent to give up.
    var abandoned: [AttemptToken] {
        for case .welcome(_, let welcome) in effects { return welcome.abandon }
        return []
    }

    var told: [AttemptToken] {
        effects.flatMap { effect -> [AttemptToken] in
            if case .cancel(_, let tokens) = effect { return tokens }
            return []
        }
    }
}

extension Reply {
    var refusal: RefusalCode? {
        if case .refused(let code, let message) = self { return message.isEmpty ? nil : code }
        return nil
    }

    /// Job, tasks, sealed.
    var submitted: [UInt32]? {
        if case .submitted(let job, let count, let sealed) = self { return [job.rawValue, count, sealed ? 1 : 0] }
        return nil
    }

    /// Queued, running.
    var cancelled: [UInt32]? {
        if case .cancelled(let queued, let running) = self { return [queued, running] }
        return nil
    }
}
