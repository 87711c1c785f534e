import ClusterModel
import Testing

@testable import CoordinatorCore

extension CoreBench {
    /// The bench's own number for a request that it answers at once.
    private static let handle = ReplyHandle(rawValue: 1 << 40)

    private var answer: Reply? {
        for case .reply(Self.handle, let reply) in effects { return reply }
        return nil
    }

    /// A job of these tasks in one batch.
    func job(
        _ spec: JobSpec = JobSpec(), options: [TaskOptions] = [TaskOptions()], tasks: [TaskSpec], key: UInt64,
        seal: Bool = true, _ location: SourceLocation = #_sourceLocation
    ) -> JobID {
        let batch = SubmitBatch(
            key: SubmissionKey(high: 0, low: key), spec: spec, options: options, tasks: tasks, seal: seal)
        guard case .submitted(let job, _, _) = submit(batch, location) else {
            Issue.record("the submit was refused: \(String(describing: answer))", sourceLocation: location)
            return JobID(rawValue: 0)
        }
        return job
    }

    /// Tasks that differ in nothing.
    func job(
        _ spec: JobSpec, options: TaskOptions = TaskOptions(), count: Int, key: UInt64, seal: Bool = true,
        _ location: SourceLocation = #_sourceLocation
    ) -> JobID {
        job(spec, options: [options], tasks: plain(count), key: key, seal: seal, location)
    }

    func plain(_ count: Int, options: UInt32 = 0) -> [TaskSpec] {
        (0..<count).map { TaskSpec(prompt: .text("\($0)"), options: options) }
    }

    func control(_ control: Control, _ location: SourceLocation = #_sourceLocation) -> Reply? {
        core.controlArrived(control, reply: Self.handle, at: now)
        settle(location)
        return answer
    }

    func prune(
        _ jobs: [JobID] = [], olderThan age: Milliseconds? = nil, dryRun: Bool = false,
        _ location: SourceLocation = #_sourceLocation
    ) -> Reply? {
        core.pruneArrived(jobs: jobs, olderThan: age, dryRun: dryRun, reply: Self.handle, at: now)
        settle(location)
        return answer
    }

    /// The store has read a finished job for a retry.
    func reload(_ job: JobID, _ location: SourceLocation = #_sourceLocation) -> Reply? {
        core.jobReloaded(job, disk.recoveredJob(job, whole: true), at: now)
        settle(location)
        return answer
    }

    /// One turn of the loop without new work.
    func sweep(_ location: SourceLocation = #_sourceLocation) {
        core.sweep(at: now)
        settle(location)
    }

    /// Turns until nothing is left to sweep.
    func sweepAll(_ location: SourceLocation = #_sourceLocation) -> Int {
        var turns = 0
        while core.hasSweeps, turns < 10_000 {
            sweep(location)
            turns += 1
        }
        return turns
    }

    func states(_ job: JobID) -> [TaskState?] {
        (0..<(core.summary(of: job)?.counts.tasks ?? 0)).map { state(job, $0) }
    }

    func counts(_ job: JobID) -> JobCounts { core.summary(of: job)?.counts ?? JobCounts() }

    func isFinished(_ job: JobID) -> Bool { core.summary(of: job)?.finishedAt != nil }

    /// An agent that says more of itself than its capacity.
    func join(
        _ id: UInt64, capacity: UInt32 = 10, labels: [String: String] = [:], runners: [String] = ["claude"],
        introduction: UInt64 = 0, _ location: SourceLocation = #_sourceLocation
    ) -> AgentIndex? {
        let outcome = core.agentIntroduced(
            AgentIntroduction(
                route: RouteHandle(rawValue: id), id: AgentID(rawValue: id), incarnation: 1, name: "host\(id)",
                capacity: capacity, labels: labels, runners: runners, introduction: introduction), at: now)
        settle(location)
        if case .welcomed(let index, _) = outcome { return index }
        return nil
    }

    /// What is sent now, as `job.index`.
    func sent(_ location: SourceLocation = #_sourceLocation) -> [String] {
        assign(location).map { $0.token.task.description }
    }

    /// Sends what may be sent, and fails it for good.
    func failAll(_ location: SourceLocation = #_sourceLocation) {
        for order in assign(location) {
            report(order.token, from: order.agent, .failed, TaskFailure(.permanent, "it can't be done"))
        }
    }

    /// Sends what may be sent, and ends it well.
    func finishAll(_ location: SourceLocation = #_sourceLocation) {
        for order in assign(location) { report(order.token, from: order.agent) }
    }

    /// A result that says what it took.
    func report(
        _ token: AttemptToken, from agent: AgentIndex, tokens: UInt64, milliseconds: Int64 = 0,
        _ location: SourceLocation = #_sourceLocation
    ) {
        core.resultArrived(
            AttemptResult(
                token: token, state: .succeeded, usage: Usage(inputTokens: tokens), startedAt: now.wall,
                finishedAt: WallTime(milliseconds: now.wall.milliseconds + milliseconds)), from: agent, at: now)
        settle(location)
    }

    func reasons(_ job: JobID, _ index: UInt32 = 0) -> [String] {
        core.why(TaskID(job: job, index: index), at: now)?.reasons.map(\.code) ?? []
    }
}

extension Reply {
    /// Tasks that a control verb changed.
    var changed: UInt32? {
        if case .controlled(let changed) = self { return changed }
        return nil
    }

    /// Jobs, tasks.
    var pruned: [UInt64]? {
        if case .pruned(let jobs, let tasks) = self { return [UInt64(jobs), tasks] }
        return nil
    }
}
