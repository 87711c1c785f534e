import ClusterModel

/// Why a task is where it is.
public struct Explanation: Sendable, Hashable {
    /// Where it stands.
    public var state: TaskState
    /// What keeps it from running, the most decisive first; empty when nothing does.
    public var reasons: [Reason]
    /// Tasks that are started before it, as things stand; nil when that means nothing.
    public var ahead: Int?
    /// How long until it starts, at the present pace; nil: not known.
    public var estimatedStart: Milliseconds?
    /// The agent that holds it; empty: none does.
    public var agent: String
    /// Attempts sent so far.
    public var attempts: UInt32

    /// One thing that keeps a task from running.
    public struct Reason: Sendable, Hashable {
        /// For programs; open for more.
        public var code: String
        /// A sentence for people.
        public var text: String

        /// Everything as given.
        public init(_ code: String, _ text: String) {
            self.code = code
            self.text = text
        }
    }
}

extension CoordinatorCore {
    /// What keeps a task from running, by the rules that decide it. Nil when there is no such task, or its job has finished: then the store
    /// has its end.
    public func why(_ task: TaskID, at now: Moment) -> Explanation? {
        guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count else { return nil }
        let entry = jobs[job].tasks[Int(task.index)]
        let held = open[task.packed].map { agents[Int($0.agent.rawValue)].name } ?? ""
        var found = Explanation(
            state: entry.state, reasons: [], ahead: nil, estimatedStart: nil, agent: held, attempts: entry.attempt)
        switch entry.state {
        case .succeeded, .failed, .cancelled, .skipped, .expired: return found
        case .running:
            if entry.cancelRequested { found.reasons.append(.init("cancelling", "it was told to stop")) }
            if let held = desk?.whyWaits(task: task.packed, at: now.instant) {
                found.reasons.append(.init("quota", "a call of it waits for its permit: \(held)"))
            }
            if let reason = budgetWaitReason(task, job) { found.reasons.append(reason) }
            return found
        case .held: found.reasons.append(.init("held", jobs[job].holds[task.index] ?? Self.heldByUser))
        case .blocked: found.reasons += dependencies(task, job)
        case .backoff: found.reasons.append(backoff(task, entry, at: now))
        case .queued: break
        }
        found.reasons += jobReasons(job)
        found.reasons += budgetReasons(job, Int(entry.options))
        found.reasons += agentReasons(job, Int(entry.options))
        if entry.state == .queued,
            let reason = whyNotAdmitted(
                job, Int(entry.options), priority: jobs[job].options[Int(entry.options)].value.priority, at: now.instant
            )
        {
            found.reasons.append(reason)
        }
        if entry.state == .queued, let lane = lane(of: entry, in: job), lanes[lane].isListed {
            let ahead = ahead(of: task.index, in: lane)
            found.ahead = ahead
            if found.reasons.allSatisfy({ $0.code == "no_slot" }),
                let pace = pace.perThousandSeconds, pace > 0
            {
                found.estimatedStart = Milliseconds(Int64(ahead + 1) * 1_000_000 / Int64(pace))
            }
        }
        return found
    }

    private func lane(of entry: TaskEntry, in job: Int) -> Int? {
        let place = jobs[job].laneOfRow[Int(entry.options)]
        return place < 0 ? nil : Int(place)
    }

    private func dependencies(_ task: TaskID, _ job: Int) -> [Explanation.Reason] {
        let links = jobs[job].graph?.links[task.index] ?? []
        let unmet = links.filter { link in
            guard Int(link.index) < jobs[job].tasks.count else { return true }
            let state = jobs[job].tasks[Int(link.index)].state
            return !state.isEnd
        }
        return unmet.prefix(Self.reasonsNamed).map { link in
            let other = TaskID(job: task.job, index: link.index)
            guard Int(link.index) < jobs[job].tasks.count else {
                return .init("dependency", "it waits for task \(other), which is not submitted yet")
            }
            let state = jobs[job].tasks[Int(link.index)].state.name
            let what = link.isTurn ? "the turn before it in its context" : "task"
            return .init("dependency", "it waits for \(what) \(other), which is \(state)")
        }
    }

    /// Dependencies and agents that an explanation names.
    static let reasonsNamed = 5

    private func backoff(_ task: TaskID, _ entry: TaskEntry, at now: Moment) -> Explanation.Reason {
        let due = waiting.unordered.first { $0.task == task.packed && $0.attempt == entry.attempt }?.due
        let left = due.map { max(0, $0.milliseconds(since: now.instant).rawValue) } ?? 0
        return .init("backoff", "attempt \(entry.attempt) did not succeed: the next one may start in \(left) ms")
    }

    private func jobReasons(_ job: Int) -> [Explanation.Reason] {
        var found: [Explanation.Reason] = []
        let entry = jobs[job]
        if isPaused { found.append(.init("queue_paused", "the queue is paused: `ccctl resume all`")) }
        if entry.switches.isPaused {
            found.append(.init("paused", "job \(entry.id) is paused: `ccctl resume \(entry.id)`"))
        }
        if entry.unmetJobs > 0 {
            let others = entry.spec.after.filter { link in
                place(of: link.job).map { jobs[$0].finishedAt == nil } ?? false
            }
            let names = others.prefix(Self.reasonsNamed).map { "\($0.job)" }.joined(separator: ", ")
            found.append(.init("job_dependency", "job \(entry.id) waits for job \(names)"))
        }
        if entry.spec.maxParallel > 0, entry.counts.running >= entry.spec.maxParallel {
            found.append(
                .init(
                    "parallel",
                    "job \(entry.id) runs \(entry.counts.running) tasks, and \(entry.spec.maxParallel) at once is its limit"
                ))
        }
        if entry.sweeps & SweepKind.holdingUp != 0 {
            found.append(.init("changing", "job \(entry.id) is being changed by an earlier request"))
        }
        return found
    }

    /// What the agents lack that are here.
    private func agentReasons(_ job: Int, _ row: Int) -> [Explanation.Reason] {
        let here = agents.indices.filter { agents[$0].state == .live || agents[$0].state == .suspect }
        guard !here.isEmpty else { return [.init("no_agent", "no agent is connected: start cc-agent")] }
        let requirement = kinds[jobs[job].kinds[row]]
        let fitting = here.filter { fits[jobs[job].kinds[row]][$0] }
        if fitting.isEmpty {
            return here.prefix(Self.reasonsNamed).map { place in
                let lack = requirement.whyNot(agents[place])
                return .init(lack.code, "agent \(agents[place].name) \(lack.text)")
            }
        }
        if fitting.contains(where: { agents[$0].credit > 0 }) { return [] }
        let slots = fitting.prefix(Self.reasonsNamed).map { place in
            let agent = agents[place]
            if agent.isDrained { return "\(agent.name) is drained" }
            if agent.state == .suspect { return "\(agent.name) has been silent for a while" }
            if !agent.report.heldBecause.isEmpty { return "\(agent.name): \(agent.report.heldBecause)" }
            if !agent.report.pool.because.isEmpty, agent.report.pool.size <= UInt32(agent.open.count) {
                return
                    "\(agent.name) holds \(agent.open.count), and has \(agent.report.pool.size) of \(agent.report.pool.limit) instances: \(agent.report.pool.because)"
            }
            return "\(agent.name) holds \(agent.open.count) of \(agent.report.capacity)"
        }
        return [.init("no_slot", "no agent that fits has room: " + slots.joined(separator: "; "))]
    }

    /// Tasks that go first: all on higher levels that may start, and of this level what the shares of its jobs let through meanwhile.
    private func ahead(of index: UInt32, in own: Int) -> Int {
        let level = lanes[own].level
        let job = lanes[own].job
        let before = lanes[own].queue.entries(before: index)
        let weight = Int(max(1, jobs[job].spec.weight))
        var count = before
        for place in lanes.indices where lanes[place].isListed && place != own {
            if lanes[place].level > level {
                count += lanes[place].queue.live
            } else if lanes[place].level == level {
                let share = (before + 1) * Int(max(1, jobs[lanes[place].job].spec.weight)) / weight
                count += min(lanes[place].queue.live, share)
            }
        }
        return count
    }
}

extension Requirement {
    /// What an agent lacks of this.
    func whyNot(_ agent: AgentEntry) -> (code: String, text: String) {
        if !agent.runners.contains(runner) {
            return ("runner", "does not run \(runner) tasks: it offers \(agent.runners.joined(separator: ", "))")
        }
        if let missing = needs.first(where: { !$0.matches(agent.labels) }) {
            return ("label", "has no label \(missing)")
        }
        if let unwanted = avoids.first(where: { $0.matches(agent.labels) }) {
            return ("label", "has the label \(unwanted), which the task avoids")
        }
        return ("agent", "fits")
    }
}
