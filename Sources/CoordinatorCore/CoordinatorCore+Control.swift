import ClusterModel

extension CoordinatorCore {
    /// A user changes how work goes on.
    public mutating func controlArrived(_ control: Control, reply handle: ReplyHandle, at now: Moment) {
        switch control {
        case .pause(nil): pauseQueue(true, handle)
        case .resume(nil): pauseQueue(false, handle)
        case .pause(let job?): pause(job, true, handle)
        case .resume(let job?): pause(job, false, handle)
        case .hold(let selection): change(selection, .hold, handle, at: now)
        case .release(let selection): change(selection, .release, handle, at: now)
        case .retry(let selection): change(selection, .retry, handle, at: now)
        case .prioritize(let selection, let priority): prioritize(selection, priority, handle)
        case .budget(let job, let microUSD, let tokens): changeBudget(of: job, microUSD, tokens, handle, at: now)
        case .drain(let agent): drain(agent, true, handle)
        case .undrain(let agent): drain(agent, false, handle)
        }
    }

    private mutating func pauseQueue(_ paused: Bool, _ handle: ReplyHandle) {
        guard isPaused != paused else { return reply(handle, .controlled(changed: 0)) }
        isPaused = paused
        record(.queuePaused(paused))
        reply(handle, .controlled(changed: 1))
    }

    private mutating func pause(_ id: JobID, _ paused: Bool, _ handle: ReplyHandle) {
        guard let job = place(of: id) else { return reply(handle, unknown(id)) }
        guard jobs[job].finishedAt == nil, jobs[job].switches.isPaused != paused else {
            return reply(handle, .controlled(changed: 0))
        }
        setSwitches(job) { $0.isPaused = paused }
        reply(handle, .controlled(changed: 1))
    }

    private func unknown(_ id: JobID) -> Reply { .refused(.unknownJob, "there is no job \(id)") }

    // MARK: tasks

    private mutating func change(_ selection: TaskSelection, _ kind: SweepKind, _ handle: ReplyHandle, at now: Moment) {
        guard let job = place(of: selection.job) else { return reply(handle, unknown(selection.job)) }
        if let refusal = refusal(of: selection.indexes, in: job) { return reply(handle, refusal) }
        if jobs[job].isSwept(kind) || jobs[job].sweeps & SweepKind.holdingUp != 0 {
            return reply(
                handle,
                .refused(
                    .busy, "job \(selection.job) is still being changed by an earlier request: try again in a moment"))
        }
        if kind == .retry, let failed = failedJob(before: job) {
            // What was cancelled is not tried again, and neither is what waits for it.
            let isMendable = place(of: failed).map { retryable(jobs[$0].counts) > 0 } ?? false
            let advice =
                isMendable ? "`ccctl retry \(failed)` first" : "submit its tasks again without --after \(failed)"
            return reply(
                handle,
                .refused(.invalid, "job \(selection.job) waits for job \(failed), which did not succeed: \(advice)"))
        }
        if kind == .retry, jobs[job].spec.onBudget == .stop, let spent = spentBudget(job) {
            return reply(handle, .refused(.invalid, "\(spent): `ccctl budget \(selection.job) --usd N` first"))
        }
        if jobs[job].finishedAt != nil {
            guard kind == .retry, retryable(jobs[job].counts) > 0 else {
                return reply(handle, .controlled(changed: 0))
            }
            return reload(selection, handle)
        }
        if selection.indexes.isEmpty {
            reply(handle, .controlled(changed: affected(jobs[job].counts, by: kind)))
            if kind == .retry { goOnAfterStop(job) }
            begin(kind, on: job, at: now)
        } else {
            reply(handle, .controlled(changed: change(selection.indexes, of: job, kind)))
            if kind == .retry { budgetMoved(job, at: now) }
        }
    }

    private func retryable(_ counts: JobCounts) -> UInt32 { counts.failed + counts.skipped + counts.expired }

    private func affected(_ counts: JobCounts, by kind: SweepKind) -> UInt32 {
        switch kind {
        case .retry: retryable(counts)
        case .release: counts.held
        case .hold: counts.queued + counts.backoff + counts.blocked
        case .cancel, .stop, .expire, .prune: 0
        }
    }

    private mutating func change(_ indexes: [UInt32], of job: Int, _ kind: SweepKind) -> UInt32 {
        var changed: UInt32 = 0
        if kind == .retry { goOnAfterStop(job) }
        for index in Set(indexes).sorted() {
            let task = TaskID(job: jobs[job].id, index: index)
            let state = jobs[job].tasks[Int(index)].state
            switch kind {
            case .hold where state == .queued || state == .backoff || state == .blocked:
                hold(task, in: job, why: Self.heldByUser)
                changed += 1
            case .release where state == .held:
                release(task, in: job)
                changed += 1
            case .retry where state.mayBeRetried: changed += reopen(task, in: job) ? 1 : 0
            default: break
            }
        }
        return changed
    }

    /// A job that had stopped or expired starts again: its failures so far no longer count against it, and its deadline is over.
    private mutating func goOnAfterStop(_ job: Int) {
        guard jobs[job].switches.isStopped || jobs[job].switches.isExpired else { return }
        jobs[job].unmetJobs = 0
        waitForJobs(job)
        setSwitches(job) {
            $0.isStopped = false
            $0.isExpired = false
        }
    }

    // MARK: retry of what has finished

    private mutating func reload(_ selection: TaskSelection, _ handle: ReplyHandle) {
        guard reloads[selection.job] == nil else {
            return reply(
                handle,
                .refused(.busy, "job \(selection.job) is being read for an earlier retry: try again in a moment"))
        }
        reloads[selection.job] = Reload(selection: selection, handle: handle)
        emit(.reload(selection.job))
    }

    /// The store has read a finished job whole, or has not found it: what was to be tried again is.
    public mutating func jobReloaded(_ id: JobID, _ recovered: RecoveredJob?, at now: Moment) {
        var prepared = recovered.map { PreparedJob($0) }
        jobReloaded(id, prepared: &prepared, at: now)
    }

    /// The same with a job that was prepared away from the loop. Nobody else may hold it, or its tasks would be copied here.
    public mutating func jobReloaded(_ id: JobID, prepared: inout PreparedJob?, at now: Moment) {
        guard let request = reloads.removeValue(forKey: id) else { return }
        guard let job = place(of: id), var taken = prepared, jobs[job].finishedAt != nil, !jobs[job].isSwept(.prune)
        else {
            return reply(request.handle, unknown(id))
        }
        jobs[job].finishedAt = nil
        record(.jobReopened(id))
        prepared = nil
        fill(job, from: &taken, at: now)
        goOnAfterStop(job)
        if request.selection.indexes.isEmpty {
            reply(request.handle, .controlled(changed: retryable(jobs[job].counts)))
            begin(.retry, on: job, at: now)
        } else {
            reply(request.handle, .controlled(changed: change(request.selection.indexes, of: job, .retry)))
            budgetMoved(job, at: now)
        }
        finishIfDone(job, at: now)
    }

    // MARK: priority

    private mutating func prioritize(_ selection: TaskSelection, _ priority: Priority, _ handle: ReplyHandle) {
        guard let job = place(of: selection.job) else { return reply(handle, unknown(selection.job)) }
        if let refusal = refusal(of: selection.indexes, in: job) { return reply(handle, refusal) }
        guard jobs[job].finishedAt == nil else { return reply(handle, .controlled(changed: 0)) }
        if selection.indexes.isEmpty { return reply(handle, prioritizeAll(job, priority)) }
        var changed: UInt32 = 0
        for index in Set(selection.indexes).sorted() {
            let entry = jobs[job].tasks[Int(index)]
            let options = jobs[job].options[Int(entry.options)].value
            guard !entry.state.isEnd, options.priority != priority else { continue }
            var other = options
            other.priority = priority
            guard let row = row(of: other, in: job) else {
                return reply(
                    handle,
                    .refused(
                        .invalid,
                        "job \(selection.job) has \(Limits.optionsPerJob) different sets of options and takes no more"))
            }
            changed += 1
            moveToRow(row, job, Int(index))
        }
        reply(handle, .controlled(changed: changed))
    }

    /// A job's row with these options: one that is there, or a new one.
    private mutating func row(of options: TaskOptions, in job: Int) -> Int? {
        if let known = jobs[job].options.firstIndex(where: { $0.value == options }) { return known }
        let row = jobs[job].options.count
        guard row < Limits.optionsPerJob else { return nil }
        record(.optionsAdded(jobs[job].id, first: UInt32(row), [options]))
        addRow(options, to: job)
        return row
    }

    private mutating func moveToRow(_ row: Int, _ job: Int, _ index: Int) {
        let isQueued = jobs[job].tasks[index].state == .queued
        if isQueued { leaveLane(job, index) }
        jobs[job].tasks[index].options = UInt16(row)
        if isQueued { enterLane(job, index) }
        record(.taskMoved(TaskID(job: jobs[job].id, index: UInt32(index)), options: UInt32(row)))
    }

    /// Changes every row: lanes go to another shelf as they are, so that a million tasks cost no more than one.
    private mutating func prioritizeAll(_ job: Int, _ priority: Priority) -> Reply {
        // While it is still being submitted, the rows that are to come keep theirs.
        for row in jobs[job].options.indices where jobs[job].options[row].value.priority != priority {
            var options = jobs[job].options[row].value
            options.priority = priority
            jobs[job].options[row] = SharedOptions(options)
            record(.optionsChanged(jobs[job].id, row: UInt32(row), options))
        }
        for place in jobs[job].lanes where lanes[place].priority != priority {
            unlist(place)
            lanes[place].priority = priority
            lanes[place].level = Int(priority.rawValue)
        }
        if !jobs[job].accounts.contains(where: { $0.priority == priority }) {
            jobs[job].accounts.append(Account(priority: priority))
        }
        relist(job)
        let counts = jobs[job].counts
        return .controlled(changed: counts.tasks - counts.ended)
    }

    // MARK: agents

    private mutating func drain(_ name: String, _ drained: Bool, _ handle: ReplyHandle) {
        let named = agents.indices.filter { agents[$0].name == name }
        guard let place = named.first(where: { agents[$0].state == .live }) ?? named.last else {
            return reply(handle, .refused(.unknownAgent, "there is no agent named \(name): `ccctl agents` lists them"))
        }
        guard agents[place].isDrained != drained else { return reply(handle, .controlled(changed: 0)) }
        agents[place].isDrained = drained
        record(.agentDrained(agents[place].id, drained))
        reply(handle, .controlled(changed: 1))
    }
}

/// A retry that waits for its finished job to be read.
struct Reload {
    var selection: TaskSelection
    var handle: ReplyHandle
}
