import ClusterModel

@testable import ClusterSimulation
@testable import CoordinatorCore

/// Histories by hand: one job of plain tasks on one agent, to be spoilt.
struct History {
    var referee: Referee
    static let job = JobID(rawValue: 1)
    static let agent = AgentID(rawValue: 1)
    static let wall = WallTime(milliseconds: 0)

    init(_ core: CoreConfiguration = CoreConfiguration(), fair: Bool = false) {
        referee = Referee(core, fairJobs: fair)
    }

    /// A history whose job has these tasks.
    static func of(
        _ tasks: [TaskSpec] = [TaskSpec(prompt: .text("")), TaskSpec(prompt: .text(""))],
        options: [TaskOptions] = [TaskOptions()], spec: JobSpec = JobSpec(),
        core: CoreConfiguration = CoreConfiguration()
    ) -> History {
        var history = History(core)
        history.open(job, tasks, options, spec)
        history.happens([.agentSeen(agent, name: "a", host: "h")])
        return history
    }

    mutating func open(
        _ id: JobID, _ tasks: [TaskSpec], _ options: [TaskOptions] = [TaskOptions()], _ spec: JobSpec = JobSpec()
    ) {
        let key = SubmissionKey(high: 1, low: UInt64(id.rawValue))
        happens([
            .jobOpened(id, spec: spec, key: key, at: Self.wall), .optionsAdded(id, first: 0, options),
            .tasksAdded(id, first: 0, firstSequence: UInt64(id.rawValue) * 10_000, tasks, at: Self.wall),
            .jobSealed(id),
        ])
    }

    static func offer(_ capacity: Int = 10, labels: [String: String] = [:]) -> Step.Offer {
        Step.Offer(agent: agent, capacity: capacity, labels: labels, runners: ["claude"])
    }

    mutating func happens(_ records: [DurableRecord], at: Micros = 0, offers: [Step.Offer]? = nil) {
        referee.durable([Step(at: at, offers: offers, records: records)])
    }

    mutating func assign(
        _ indexes: [UInt32], attempt: UInt32 = 1, row: UInt64 = 1, job: JobID = job, offers: [Step.Offer]? = nil,
        at: Micros = 0
    ) {
        let numbers = indexes.map { AttemptNumber(task: TaskID(job: job, index: $0), attempt: attempt) }
        // An agent with just so much room, unless it is said otherwise.
        let exact = [Self.offer((referee.ledger.agents[Self.agent]?.open ?? 0) + indexes.count)]
        happens([.assigned(row: row, agent: Self.agent, numbers, at: Self.wall)], at: at, offers: offers ?? exact)
    }

    static func token(_ index: UInt32, _ attempt: UInt32 = 1) -> AttemptToken {
        AttemptToken(store: Scenario.store, task: TaskID(job: job, index: index), attempt: attempt)
    }

    static func result(_ token: AttemptToken, tokens: UInt64 = 1) -> AttemptResult {
        AttemptResult(
            token: token, state: .succeeded, usage: Usage(outputTokens: tokens), startedAt: wall, finishedAt: wall)
    }

    mutating func end(
        _ index: UInt32, _ state: TaskState = .succeeded, attempt: UInt32 = 1, job: JobID = job, tokens: UInt64 = 1
    ) {
        let task = TaskID(job: job, index: index)
        let token = AttemptToken(store: Scenario.store, task: task, attempt: attempt)
        happens([
            .taskEnded(
                EndedTask(
                    task: task, state: state, attempt: attempt, agent: Self.agent,
                    result: attempt == 0 ? nil : Self.result(token, tokens: tokens), failure: nil, at: Self.wall))
        ])
    }

    mutating func giveUp(_ index: UInt32, attempt: UInt32 = 1, row: UInt64 = 1) {
        happens([
            .attemptEnded(
                EndedAttempt(
                    number: AttemptNumber(task: TaskID(job: Self.job, index: index), attempt: attempt),
                    agent: Self.agent,
                    row: row, failure: TaskFailure(.lost, "lost"), failures: 0, givenUp: true, retryAt: Self.wall,
                    at: Self.wall, usage: Usage(), costMicroUSD: 0))
        ])
    }

    mutating func saw(_ observation: Observation, at: Micros = 0) { referee.saw(observation, at: at) }

    /// The rules that were broken, each once; that work is left is told by another rule at the end of most histories.
    var broken: [String] {
        var rules: [String] = []
        for violation in referee.violations {
            let rule = String(violation.prefix { $0 != ":" })
            if !rules.contains(rule), rule != "liveness" || referee.violations.count == 1 { rules.append(rule) }
        }
        return rules
    }
}
