import ClusterModel
import Collections

/// Work that goes over all tasks of a job.
struct Sweep {
    var job: JobID
    var kind: SweepKind
    /// The task that comes next.
    var next: UInt32 = 0
    /// Whether it is written down: one that is done within its first turn is not.
    var isRecorded = false
}

extension CoordinatorCore {
    /// Whether ``sweep(at:)`` has something left to do.
    public var hasSweeps: Bool { !sweeps.isEmpty || !settled.isEmpty }

    /// Goes on with work over large jobs, and tells tasks that what they wait for has ended: some in each turn. The loop calls it in every
    /// turn, before ``assignWork(at:)``.
    public mutating func sweep(at now: Moment) {
        var left = configuration.sweepPerTurn
        // Short jobs are done at once; long ones take turns, so that none waits for another to end.
        for _ in 0..<sweeps.count {
            guard left > 0, var sweep = sweeps.popFirst() else { break }
            let share = max(1, left / (sweeps.count + 1))
            let before = sweep.next
            if step(&sweep, atMost: share, at: now) {
                sweepDone(sweep, at: now)
            } else {
                sweeps.append(sweep)
            }
            left -= max(1, Int(sweep.next - before))
        }
        tellFollowers(atMost: configuration.sweepPerTurn, at: now)
    }

    /// Begins to go over a job; what fits into one turn is done at once.
    mutating func begin(_ kind: SweepKind, on job: Int, at now: Moment) {
        guard !jobs[job].isSwept(kind) else { return }
        var sweep = Sweep(job: jobs[job].id, kind: kind)
        jobs[job].sweeps |= kind.bit
        relist(job)
        if step(&sweep, atMost: configuration.sweepPerTurn, at: now) { return sweepDone(sweep, at: now) }
        sweep.isRecorded = true
        record(.sweepBegun(sweep.job, kind))
        sweeps.append(sweep)
    }

    private mutating func sweepDone(_ sweep: Sweep, at now: Moment) {
        if sweep.isRecorded { record(.sweepEnded(sweep.job, sweep.kind)) }
        guard let job = place(of: sweep.job) else { return }
        jobs[job].sweeps &= ~sweep.kind.bit
        relist(job)
        if sweep.kind == .retry { budgetMoved(job, at: now) }
        finishIfDone(job, at: now)
    }

    /// Goes over some tasks; true: it has come to the end.
    private mutating func step(_ sweep: inout Sweep, atMost bound: Int, at now: Moment) -> Bool {
        guard let job = place(of: sweep.job) else { return true }
        if sweep.kind == .prune { return prune(&sweep, job, atMost: bound) }
        let count = UInt32(jobs[job].tasks.count)
        let end = min(count, sweep.next + UInt32(bound))
        var told: [(agent: AgentIndex, tokens: [AttemptToken])] = []
        while sweep.next < end {
            let index = sweep.next
            sweep.next += 1
            visit(TaskID(job: sweep.job, index: index), sweep.kind, job, &told, at: now)
        }
        for (agent, tokens) in told { emit(.cancel(agent, tokens)) }
        return sweep.next >= count
    }

    private mutating func visit(
        _ task: TaskID, _ kind: SweepKind, _ job: Int, _ told: inout [(agent: AgentIndex, tokens: [AttemptToken])],
        at now: Moment
    ) {
        let index = Int(task.index)
        let state = jobs[job].tasks[index].state
        switch kind {
        case .retry: if state.mayBeRetried { _ = reopen(task, in: job) }
        case .release: if state == .held { release(task, in: job) }
        case .hold:
            if state == .queued || state == .backoff || state == .blocked { hold(task, in: job, why: Self.heldByUser) }
        case .cancel: stop(task, as: .cancelled, .cancelled, "cancelled by the user", &told, in: job, at: now)
        case .expire: stop(task, as: .expired, .expired, "the job's deadline came", &told, in: job, at: now)
        case .stop:
            guard !state.isEnd, state != .running else { return }
            let (errorClass, why) = whyStopped(job)
            endUnrun(task, .skipped, errorClass, why, at: now)
        case .prune: break
        }
    }

    static let heldByUser = "held by the user"

    /// Ends what waits; what runs is told to stop and ends when its agent says so.
    mutating func stop(
        _ task: TaskID, as state: TaskState, _ errorClass: ErrorClass, _ why: String,
        _ told: inout [(agent: AgentIndex, tokens: [AttemptToken])], in job: Int, at now: Moment
    ) {
        let entry = jobs[job].tasks[Int(task.index)]
        if entry.state.isEnd { return }
        guard let attempt = open[task.packed] else { return endUnrun(task, state, errorClass, why, at: now) }
        let token = token(task, attempt.attempt)
        if let place = told.firstIndex(where: { $0.agent == attempt.agent }) {
            told[place].tokens.append(token)
        } else {
            told.append((attempt.agent, [token]))
        }
        guard !entry.cancelRequested else { return }
        jobs[job].tasks[Int(task.index)].cancelRequested = true
        record(.cancelRequested(task))
    }

    mutating func release(_ task: TaskID, in job: Int) {
        wait(job, Int(task.index))
        record(.taskReleased(task))
    }

    /// Has an ended task tried again, and first whatever it waits for that ended badly. False: something of that can't be tried again, so
    /// that it would only be skipped anew.
    mutating func reopen(_ task: TaskID, in job: Int) -> Bool {
        var order: [UInt32] = []
        var seen: Set<UInt32> = [task.index]
        var pending = [task.index]
        while let index = pending.popLast() {
            let state = jobs[job].tasks[Int(index)].state
            guard state.isEnd else { continue }
            guard state.mayBeRetried else { return false }
            order.append(index)
            for link in jobs[job].graph?.links[index] ?? [] {
                // A job that was cut off while it was submitted: what this one waits for will never be there.
                guard Int(link.index) < jobs[job].tasks.count else { return false }
                let other = jobs[job].tasks[Int(link.index)].state
                let isMet =
                    other == .succeeded || (link.condition == .end && !link.isTurn)
                    || jobs[job].spec.continuesOnFailure && !link.isTurn
                if other.isEnd, !isMet, seen.insert(link.index).inserted { pending.append(link.index) }
            }
        }
        // First all of them are open, then each counts what it waits for.
        for index in order {
            let place = Int(index)
            jobs[job].tasks[place].failures = 0
            jobs[job].tasks[place].crashes = 0
            jobs[job].tasks[place].givenUp = false
            jobs[job].tasks[place].cancelRequested = false
            move(job, place, to: .blocked)
            record(.taskReopened(TaskID(job: task.job, index: index), closedRow: nextRow - 1), weight: 2)
        }
        for index in order where !waitForLinks(index, in: job) { move(job, Int(index), to: .queued) }
        return true
    }

    // MARK: prune

    private mutating func prune(_ sweep: inout Sweep, _ job: Int, atMost bound: Int) -> Bool {
        let count = jobs[job].counts.tasks
        let end = min(count, sweep.next + UInt32(bound))
        let isLast = end == count
        record(
            .pruned(sweep.job, first: sweep.next, count: end - sweep.next, isLast: isLast),
            weight: 2 * Int(end - sweep.next) + 1)
        sweep.next = end
        guard isLast else { return false }
        forget(job)
        return true
    }

    private mutating func forget(_ job: Int) {
        jobPlaces[jobs[job].id] = nil
        jobKeys[jobs[job].key] = nil
        jobs[job] = JobEntry(id: jobs[job].id, spec: JobSpec(), key: jobs[job].key, submittedAt: jobs[job].submittedAt)
        jobs[job].isGone = true
        jobs[job].finishedAt = jobs[job].submittedAt
        goneJobs += 1
        if goneJobs > 1000, goneJobs > jobs.count / 2 { closeGaps() }
    }

    /// Takes the places of pruned jobs out of the table.
    private mutating func closeGaps() {
        jobs.removeAll { $0.isGone }
        goneJobs = 0
        for (place, job) in jobs.enumerated() {
            jobPlaces[job.id] = place
            for lane in job.lanes { lanes[lane].job = place }
        }
    }
}
