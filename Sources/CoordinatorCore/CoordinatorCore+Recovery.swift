import ClusterModel
import Collections

/// What is needed while a store is taken up, and dropped then.
struct Recovering {
    var frame: RecoveredFrame
    /// Tasks that some assignment row names: where their last attempt was closed. The others' rows are of no interest.
    var closedRows: [UInt64: UInt64] = [:]
}

extension CoordinatorCore {
    /// Takes up what the store holds. Open attempts wait one lease for their agent; everything else goes on at once.
    public mutating func recover(_ state: RecoveredState, at now: Moment) {
        beginRecovery(state.frame)
        for job in state.jobs { restore(job, at: now) }
        endRecovery(at: now)
    }

    /// First what is not a job's; then ``restore(_:at:)`` for each job, in order; then ``endRecovery(at:)``. So a store of millions of tasks
    /// need not be in memory twice.
    public mutating func beginRecovery(_ frame: RecoveredFrame) {
        nextSequence = frame.nextSequence
        nextRow = frame.nextRow
        nextJob = max(nextJob, frame.nextJob)
        isPaused = frame.isPaused
        drainedAway = Set(frame.agents.filter(\.value.isDrained).keys)
        var recovering = Recovering(frame: frame)
        for row in frame.assignments {
            for number in row.attempts { recovering.closedRows[number.task.packed] = 0 }
        }
        self.recovering = recovering
        if let spent = frame.spent { spending.take(spent) }
    }

    /// One job, finished or not.
    public mutating func restore(_ job: RecoveredJob, at now: Moment) {
        // What waits is aged from now on, and not from the clock's origin.
        lastMoment = max(lastMoment, now.instant)
        var entry = JobEntry(id: job.id, spec: job.spec, key: job.key, submittedAt: job.submittedAt)
        entry.finishedAt = job.finishedAt
        entry.sealed = job.sealed
        entry.switches = job.switches
        entry.usage = job.usage
        entry.costMicroUSD = job.costMicroUSD
        entry.retried = job.retried
        entry.counts = job.counts
        jobPlaces[job.id] = jobs.count
        jobKeys[job.key] = job.id
        nextJob = max(nextJob, job.id.rawValue + 1)
        jobs.append(entry)
        guard job.finishedAt == nil else { return }
        for (index, task) in job.tasks.enumerated() where task.closedRow > 0 {
            let id = TaskID(job: job.id, index: UInt32(index)).packed
            if recovering?.closedRows[id] != nil { recovering?.closedRows[id] = task.closedRow }
        }
        var prepared = PreparedJob(job)
        fill(jobs.count - 1, from: &prepared, at: now)
        waitForJobs(jobs.count - 1)
        expect(jobs.count - 1, at: now)
    }

    /// Gives a job its tasks, which leave `prepared`: a copy of them would take as long as making them.
    mutating func fill(_ place: Int, from prepared: inout PreparedJob, at now: Moment) {
        for options in prepared.job.options { addRow(options, to: place) }
        jobs[place].counts = prepared.counts
        unfinishedTasks += prepared.unfinished
        swap(&jobs[place].tasks, &prepared.tasks)
        swap(&jobs[place].graph, &prepared.graph)
        swap(&jobs[place].heads, &prepared.heads)
        if prepared.unfinished > 0 { takeUp(prepared.job, place, at: now) }
        learnSpend(place, reports: prepared.job.reports)
    }

    /// What has not ended goes on.
    private mutating func takeUp(_ job: RecoveredJob, _ place: Int, at now: Moment) {
        for hold in job.holds where jobs[place].tasks[Int(hold.index)].state == .blocked {
            move(place, Int(hold.index), to: .held)
            jobs[place].noteHold(hold.index, hold.why)
        }
        var run: (first: Int, queuedAt: WallTime, after: Milliseconds)?
        for (index, task) in job.tasks.enumerated() where task.end == nil {
            let mustWait = jobs[place].graph != nil && waitForLinks(UInt32(index), in: place)
            if !mustWait, jobs[place].tasks[index].state == .blocked { takeUp(task, index, place, at: now) }
            expire(again: task, index, place, &run, at: now)
        }
        if let last = run { expect(place, again: last, to: job.tasks.count, at: now) }
    }

    private mutating func takeUp(_ task: RecoveredTask, _ index: Int, _ place: Int, at now: Moment) {
        guard let retryAt = task.retryAt, retryAt > now.wall else { return move(place, index, to: .queued) }
        // The calendar may have jumped while nobody ran: never wait longer than a backoff can be.
        let left = min(retryAt.milliseconds - now.wall.milliseconds, configuration.retryCap.rawValue)
        move(place, index, to: .backoff)
        waiting.insert(
            WaitingTask(
                due: now.instant + Milliseconds(left), task: TaskID(job: jobs[place].id, index: UInt32(index)).packed,
                attempt: task.attempt))
    }

    /// Tasks of one submit that expire together are noted together.
    private mutating func expire(
        again task: RecoveredTask, _ index: Int, _ place: Int,
        _ run: inout (first: Int, queuedAt: WallTime, after: Milliseconds)?, at now: Moment
    ) {
        let after = jobs[place].options[Int(task.options)].value.expiresAfter
        if let known = run, known.queuedAt != task.queuedAt || known.after != after {
            expect(place, again: known, to: index, at: now)
            run = nil
        }
        if run == nil, after > 0 { run = (index, task.queuedAt, after) }
    }

    private mutating func expect(
        _ place: Int, again run: (first: Int, queuedAt: WallTime, after: Milliseconds), to end: Int, at now: Moment
    ) {
        let due = run.queuedAt.milliseconds + run.after.rawValue - now.wall.milliseconds
        expiries.insert(
            Expiry(
                due: now.instant + Milliseconds(max(0, min(due, run.after.rawValue))), job: jobs[place].id,
                tasks: UInt32(run.first)..<UInt32(end), after: run.after))
    }

    /// All jobs are there: attempts that are open go to their agents, work over whole jobs goes on.
    public mutating func endRecovery(at now: Moment) {
        guard let recovering else { return }
        self.recovering = nil
        turnDay(at: now)
        for assignment in recovering.frame.assignments { restore(assignment, recovering, at: now) }
        for sweep in recovering.frame.sweeps {
            guard let job = place(of: sweep.job), !jobs[job].isSwept(sweep.kind) else {
                record(.sweepEnded(sweep.job, sweep.kind))
                continue
            }
            jobs[job].sweeps |= sweep.kind.bit
            relist(job)
            sweeps.append(Sweep(job: sweep.job, kind: sweep.kind, isRecorded: true))
        }
        for place in jobs.indices where jobs[place].finishedAt == nil { resume(place, at: now) }
    }

    private mutating func resume(_ place: Int, at now: Moment) {
        stopIfJobsFailed(place, at: now)
        for index in jobs[place].tasks.indices {
            guard jobs[place].finishedAt == nil else { return }
            let entry = jobs[place].tasks[index]
            guard !entry.state.isEnd, entry.state != .running else { continue }
            let task = TaskID(job: jobs[place].id, index: UInt32(index))
            if entry.cancelRequested {
                let (state, why) = stopped(place, TaskFailure(.cancelled, "cancelled by the user"))
                end(task, state, attempt: entry.attempt, agent: nil, result: nil, failure: why, at: now)
            }
        }
        // A crash between the switch and its sweep: the switch is what counts.
        if jobs[place].switches.isExpired { begin(.expire, on: place, at: now) }
        if jobs[place].finishedAt == nil, jobs[place].switches.isStopped { begin(.stop, on: place, at: now) }
        weighBudget(place)
        finishIfDone(place, at: now)
    }

    private mutating func restore(_ assignment: RecoveredAssignment, _ recovering: Recovering, at now: Moment) {
        var numbers: [AttemptNumber] = []
        for number in assignment.attempts {
            guard let job = place(of: number.task.job), Int(number.task.index) < jobs[job].tasks.count else { continue }
            let entry = jobs[job].tasks[Int(number.task.index)]
            if !entry.state.isEnd, assignment.row > recovering.closedRows[number.task.packed] ?? 0 {
                numbers.append(number)
            }
        }
        guard !numbers.isEmpty else { return record(.assignmentRetired(row: assignment.row)) }
        let name = recovering.frame.agents[assignment.agent]?.name ?? assignment.agent.description
        let index = awaited(assignment.agent, name: name, at: now)
        for number in numbers {
            guard let job = place(of: number.task.job) else { continue }
            let task = Int(number.task.index)
            // It was sent: what it waited for had ended then.
            jobs[job].graph?.unmet[number.task.index] = nil
            if jobs[job].tasks[task].state != .running { move(job, task, to: .running) }
            jobs[job].tasks[task].attempt = number.attempt
            jobs[job].tasks[task].givenUp = false
            var charged = Charge(tokens: expectedTokens(job))
            _ = reserve(job, row: Int(jobs[job].tasks[task].options), &charged)
            hold(number, row: assignment.row, charged: charged, on: Int(index.rawValue))
            openInRow[assignment.row, default: 0] += 1
        }
    }

    private mutating func awaited(_ id: AgentID, name: String, at now: Moment) -> AgentIndex {
        if let known = agentPlaces[id] { return known }
        let index = AgentIndex(rawValue: Int32(agents.count))
        agents.append(AgentEntry(id: id, name: name, state: .awaited, lastHeard: now.instant))
        agents[agents.count - 1].isDrained = drainedAway.remove(id) != nil
        agentPlaces[id] = index
        matchAgent(agents.count - 1)
        return index
    }
}
