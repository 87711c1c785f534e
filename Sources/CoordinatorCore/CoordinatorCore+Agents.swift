import ClusterModel

extension CoordinatorCore {
    /// What became of an introduction.
    public enum IntroductionOutcome: Sendable, Equatable {
        case welcomed(AgentIndex, session: UInt64)
        case refused
        /// A later hello of the same program has been answered: this one was overtaken on its way and changes nothing.
        case outdated
    }

    /// An agent said hello: for the first time, after a reconnect, or because it was asked to.
    public mutating func agentIntroduced(_ hello: AgentIntroduction, at now: Moment) -> IntroductionOutcome {
        if let known = agentPlaces[hello.id].map({ agents[Int($0.rawValue)] }), known.incarnation == hello.incarnation,
            hello.introduction < known.introduction
        {
            return .outdated
        }
        if let other = agents.first(where: {
            $0.name == hello.name && $0.id != hello.id && ($0.state == .live || $0.state == .suspect)
        }) {
            emit(
                .refuse(
                    hello.route,
                    AgentRefusal(
                        code: "name_taken",
                        message:
                            "an agent named \(hello.name) is already here, from \(other.host): give this one another --name",
                        final: false)))
            return .refused
        }
        guard let place = seat(hello, at: now) else {
            emit(
                .refuse(
                    hello.route,
                    AgentRefusal(
                        code: "too_many_agents",
                        message: "this coordinator keeps at most \(configuration.maxAgents) agents", final: false)))
            return .refused
        }
        let index = AgentIndex(rawValue: Int32(place))
        settleOpenAttempts(of: index, against: hello, at: now)
        let abandon = hello.running.filter { !keepsRunning($0, on: index, at: now) }
        agents[place].session = nextSession
        nextSession += 1
        desk?.sessionBegan(of: Self.holder(index))
        emit(
            .welcome(index, Welcome(session: agents[place].session, introduction: hello.introduction, abandon: abandon))
        )
        let toCancel = agents[place].open.map { TaskID(packed: $0) }.filter { cancelIsRequested($0) }
        if !toCancel.isEmpty { emit(.cancel(index, toCancel.map { token($0, open[$0.packed]!.attempt) })) }
        return .welcomed(index, session: agents[place].session)
    }

    private func cancelIsRequested(_ task: TaskID) -> Bool {
        guard let job = place(of: task.job) else { return false }
        return jobs[job].tasks[Int(task.index)].cancelRequested
    }

    /// Finds or makes the agent's row. Nil: the table is full.
    private mutating func seat(_ hello: AgentIntroduction, at now: Moment) -> Int? {
        let place: Int
        if let known = agentPlaces[hello.id] {
            place = Int(known.rawValue)
        } else if let vacant = agents.firstIndex(where: { isForgettable($0, at: now.instant) }) {
            agentPlaces[agents[vacant].id] = nil
            callsEnded(of: vacant, at: now.instant)
            if agents[vacant].isDrained { drainedAway.insert(agents[vacant].id) }
            agents[vacant] = AgentEntry(id: hello.id, name: hello.name, state: .live, lastHeard: now.instant)
            agents[vacant].isDrained = drainedAway.remove(hello.id) != nil
            matchAgent(vacant)
            place = vacant
        } else if agents.count < configuration.maxAgents {
            agents.append(AgentEntry(id: hello.id, name: hello.name, state: .live, lastHeard: now.instant))
            place = agents.count - 1
            agents[place].isDrained = drainedAway.remove(hello.id) != nil
            matchAgent(place)
        } else {
            return nil
        }
        agentPlaces[hello.id] = AgentIndex(rawValue: Int32(place))
        if agents[place].incarnation != hello.incarnation || agents[place].name != hello.name {
            record(.agentSeen(hello.id, name: hello.name, host: hello.host))
        }
        agents[place].name = hello.name
        agents[place].host = hello.host
        agents[place].version = hello.version
        agents[place].claudeVersion = hello.claudeVersion
        let isOther = agents[place].labels != hello.labels || agents[place].runners != hello.runners
        agents[place].labels = hello.labels
        agents[place].runners = hello.runners
        agents[place].isUnmetered = hello.isUnmetered
        if isOther { matchAgent(place) }
        if agents[place].incarnation != hello.incarnation { callsEnded(of: place, at: now.instant) }
        agents[place].incarnation = hello.incarnation
        agents[place].introduction = hello.introduction
        agents[place].state = .live
        agents[place].lastHeard = now.instant
        agents[place].report.capacity = hello.capacity
        return place
    }

    private func isForgettable(_ agent: AgentEntry, at now: Instant) -> Bool {
        (agent.state == .gone || agent.state == .lost) && agent.open.isEmpty
            && now.milliseconds(since: agent.lastHeard) >= configuration.forgetAgentsAfter
    }

    /// Attempts that the hello doesn't name did not survive: an assignment that never arrived, or an agent that restarted.
    private mutating func settleOpenAttempts(of index: AgentIndex, against hello: AgentIntroduction, at now: Moment) {
        let named = Set((hello.running + hello.finished).filter { $0.store == storeID })
        for packed in agents[Int(index.rawValue)].open {
            let task = TaskID(packed: packed)
            guard let attempt = open[packed], !named.contains(token(task, attempt.attempt)) else { continue }
            giveUp(task, why: "its agent came back without it", at: now)
        }
    }

    /// Whether the agent may go on with an attempt it names; one that was given up and not replaced is taken back.
    private mutating func keepsRunning(_ token: AttemptToken, on index: AgentIndex, at now: Moment) -> Bool {
        let task = token.task
        guard token.store == storeID, let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count else {
            return false
        }
        if let attempt = open[task.packed] { return attempt.attempt == token.attempt && attempt.agent == index }
        let entry = jobs[job].tasks[Int(task.index)]
        guard entry.givenUp, entry.attempt == token.attempt, !entry.state.isEnd, entry.state != .running else {
            return false
        }
        // One that an operator holds since is not taken up again behind their back.
        guard entry.state == .queued || entry.state == .backoff, jobs[job].sweeps & SweepKind.holdingUp == 0 else {
            return false
        }
        let tokens = expectedTokens(job)
        charge(job, jobs[job].options[Int(entry.options)].value.priority, tokens: Int64(tokens))
        move(job, Int(task.index), to: .running)
        jobs[job].tasks[Int(task.index)].givenUp = false
        var charged = Charge(tokens: tokens)
        _ = reserve(job, row: Int(entry.options), &charged)
        openAttempts(
            [AttemptNumber(task: task, attempt: token.attempt)], charged: [charged], on: index, at: now)
        return true
    }

    /// A heartbeat came in. False: the session is not this agent's latest, it has to introduce itself.
    public mutating func heartbeatArrived(
        from index: AgentIndex, session: UInt64, _ report: AgentReport, at now: Instant
    ) -> Bool {
        let place = Int(index.rawValue)
        guard agents[place].session == session else { return false }
        // Its attempts were given up: only a hello can say which of them it still holds.
        guard agents[place].state != .lost, agents[place].state != .gone else { return false }
        agents[place].lastHeard = now
        agents[place].state = .live
        agents[place].report = report
        agents[place].apiRetries = report.apiRetries
        return true
    }

    /// Any other message is a sign of life too.
    public mutating func agentWasHeard(_ index: AgentIndex, at now: Instant) {
        let place = Int(index.rawValue)
        agents[place].lastHeard = max(agents[place].lastHeard, now)
        if agents[place].state == .suspect { agents[place].state = .live }
    }

    /// The agent leaves in order. What it still held is queued again.
    public mutating func agentLeft(_ index: AgentIndex, session: UInt64, at now: Moment) {
        let place = Int(index.rawValue)
        guard agents[place].session == session else { return }
        giveUpAll(of: index, why: "its agent left", at: now)
        callsEnded(of: place, at: now.instant)
        agents[place].state = .gone
        agents[place].report = AgentReport(capacity: 0)
    }

    mutating func giveUpAll(of index: AgentIndex, why: String, at now: Moment) {
        for packed in agents[Int(index.rawValue)].open { giveUp(TaskID(packed: packed), why: why, at: now) }
    }

    /// Closes an open attempt that will not report; its task is queued again at once, in its old place.
    private mutating func giveUp(_ task: TaskID, why: String, at now: Moment) {
        guard let job = place(of: task.job), let attempt = close(task) else { return }
        settleLimits(task, on: attempt.agent, nil, at: now.instant)
        _ = desk?.takeSpend(of: task.packed)
        defer { budgetMoved(job, at: now) }
        let index = Int(task.index)
        let failure = TaskFailure(.lost, "attempt \(attempt.attempt) was lost: \(why)")
        let options = jobs[job].options[Int(jobs[job].tasks[index].options)].value
        // Its charge stays as it was estimated, and teaches nothing about the next.
        if jobs[job].tasks[index].cancelRequested {
            let (state, why) = stopped(
                job, TaskFailure(.cancelled, "cancelled by the user; \(failure.message)"))
            end(
                task, state, attempt: attempt.attempt, agent: agents[Int(attempt.agent.rawValue)].id, result: nil,
                failure: why, at: now)
            return
        }
        guard jobs[job].tasks[index].attempt < configuration.maxAttemptsInAll else {
            end(
                task, .failed, attempt: attempt.attempt, agent: agents[Int(attempt.agent.rawValue)].id, result: nil,
                failure: TaskFailure(.lost, "given up after \(attempt.attempt) attempts; the last: \(failure.message)"),
                at: now)
            return
        }
        record(
            .attemptEnded(
                EndedAttempt(
                    number: AttemptNumber(task: task, attempt: attempt.attempt),
                    agent: agents[Int(attempt.agent.rawValue)].id,
                    row: attempt.row, failure: failure, failures: jobs[job].tasks[index].failures, givenUp: true,
                    retryAt: now.wall, at: now.wall,
                    usage: attempt.callUsage, costMicroUSD: attempt.callCost, crashes: jobs[job].tasks[index].crashes)))
        // What its calls took is spent, though nobody reports it.
        countLost(attempt, for: job, at: now)
        jobs[job].tasks[index].givenUp = true
        jobs[job].retried &+= 1
        let goesOn = !jobs[job].switches.isStopped && !jobs[job].switches.isExpired
        if options.onLost == .hold, goesOn { return hold(task, in: job, why: failure.message) }
        move(job, index, to: .queued)
        skipIfStopped(task, in: job, at: now)
    }

    /// What comes back to a job that has stopped does not wait there for ever.
    mutating func skipIfStopped(_ task: TaskID, in job: Int, at now: Moment) {
        if jobs[job].switches.isExpired {
            endUnrun(task, .expired, .expired, "the job's deadline came", at: now)
        } else if jobs[job].switches.isStopped {
            let (errorClass, why) = whyStopped(job)
            endUnrun(task, .skipped, errorClass, why, at: now)
        }
    }
}
