import ClusterModel

extension CoordinatorCore {
    /// One job, if it is known.
    public func summary(of id: JobID) -> JobSummary? { place(of: id).map { jobs[$0].summary } }

    /// The newest jobs, newest first.
    public func newestJobs(limit: Int) -> [JobSummary] {
        jobs.reversed().lazy.filter { !$0.isGone }.prefix(limit).map(\.summary)
    }

    /// Jobs that are kept.
    public var jobCount: Int { jobs.count - goneJobs }

    /// Tasks that have no end yet.
    public var unfinishedTaskCount: Int { unfinishedTasks }

    /// Attempts that agents hold.
    public var openAttemptCount: Int { open.count }

    /// Results that nothing waited for, since this coordinator started.
    public var setAsideCount: UInt64 { resultsSetAside }

    /// Where tasks of an unfinished job stand: state, attempts so far, agent that holds them. Empty when the job has finished: then the
    /// store has every end.
    public func taskStates(of id: JobID, from first: UInt32, count: Int) -> [LiveTask] {
        guard let job = place(of: id), Int(first) < jobs[job].tasks.count else { return [] }
        return jobs[job].tasks[Int(first)..<min(jobs[job].tasks.count, Int(first) + count)].enumerated().map {
            offset, entry in
            let held = open[TaskID(job: id, index: first + UInt32(offset)).packed]
            return LiveTask(
                state: entry.state, priority: jobs[job].options[Int(entry.options)].value.priority,
                attempts: entry.attempt, agent: held.map { agents[Int($0.agent.rawValue)].name } ?? "",
                note: entry.state == .held ? jobs[job].holds[first + UInt32(offset)] ?? Self.heldByUser : "")
        }
    }

    /// The row of a job's table of options.
    public func options(of id: JobID, row: Int) -> TaskOptions? {
        guard let job = place(of: id), row < jobs[job].options.count else { return nil }
        return jobs[job].options[row].value
    }

    /// Every agent that is remembered, in the order they came.
    public func agentSummaries(at now: Instant) -> [AgentSummary] {
        agents.map { agent in
            AgentSummary(
                id: agent.id, name: agent.name, host: agent.host,
                state: agent.isDrained && agent.state == .live ? .draining : agent.state, report: agent.report,
                running: agent.open.count, version: agent.version, claudeVersion: agent.claudeVersion,
                labels: agent.labels, runners: agent.runners,
                succeeded: agent.succeeded, failed: agent.failed, silent: now.milliseconds(since: agent.lastHeard))
        }
    }

    /// What an agent's messages are checked against.
    public func session(of index: AgentIndex) -> UInt64 { agents[Int(index.rawValue)].session }
}

/// A task as memory has it.
public struct LiveTask: Sendable {
    /// Where it stands now.
    public var state: TaskState
    /// Of its row of options.
    public var priority: Priority
    /// Attempts sent so far; 0: it was never tried.
    public var attempts: UInt32
    /// Name of the agent that holds it; empty when none does.
    public var agent: String
    /// Why it waits for a person; empty when it does not.
    public var note: String
}
