import ClusterModel

extension CoordinatorCore {
    /// Takes up what the store holds. Open attempts wait one lease for their agent; everything else goes on at once.
    public mutating func recover(_ state: RecoveredState, at now: Moment) {
        var closedRows: [UInt64: UInt64] = [:]
        for job in state.jobs {
            for (index, task) in job.tasks.enumerated() where task.closedRow > 0 {
                closedRows[TaskID(job: job.id, index: UInt32(index)).packed] = task.closedRow
            }
        }
        nextSequence = state.frame.nextSequence
        nextRow = state.frame.nextRow
        for job in state.jobs { restore(job, at: now) }
        for assignment in state.frame.assignments {
            restore(assignment, closedRows: closedRows, names: state.frame.agents.mapValues(\.name), at: now)
        }
        for place in jobs.indices where jobs[place].finishedAt == nil { resume(place, at: now) }
    }

    private mutating func resume(_ place: Int, at now: Moment) {
        var cancelled: [UInt32] = []
        for index in jobs[place].tasks.indices where jobs[place].tasks[index].state == .queued {
            if jobs[place].tasks[index].cancelRequested {
                cancelled.append(UInt32(index))
            } else {
                enqueue(place, index)
            }
        }
        for index in cancelled {
            end(
                TaskID(job: jobs[place].id, index: index), .cancelled, attempt: jobs[place].tasks[Int(index)].attempt,
                agent: nil,
                result: nil, failure: TaskFailure(.cancelled, "cancelled by the user"), at: now)
        }
        finishIfDone(place, at: now)
    }

    private mutating func restore(_ job: RecoveredJob, at now: Moment) {
        var entry = JobEntry(id: job.id, spec: job.spec, key: job.key, submittedAt: job.submittedAt)
        entry.finishedAt = job.finishedAt
        entry.sealed = job.sealed
        entry.options = job.options
        entry.usage = job.usage
        entry.costMicroUSD = job.costMicroUSD
        if job.finishedAt != nil {
            entry.counts = job.counts
        } else {
            entry.counts.tasks = UInt32(job.tasks.count)
            entry.tasks.reserveCapacity(job.tasks.count)
            for (index, task) in job.tasks.enumerated() {
                let restored = taskEntry(task, id: TaskID(job: job.id, index: UInt32(index)), at: now)
                entry.counts[restored.state] += 1
                if !restored.state.isEnd { unfinishedTasks += 1 }
                entry.tasks.append(restored)
            }
        }
        jobPlaces[job.id] = jobs.count
        jobKeys[job.key] = job.id
        nextJob = max(nextJob, job.id.rawValue + 1)
        jobs.append(entry)
    }

    private mutating func taskEntry(_ task: RecoveredTask, id: TaskID, at now: Moment) -> TaskEntry {
        var state = task.end ?? .queued
        if task.end == nil, let retryAt = task.retryAt, retryAt > now.wall {
            state = .backoff
            // The calendar may have jumped while nobody ran: never wait longer than a backoff can be.
            let left = min(retryAt.milliseconds - now.wall.milliseconds, configuration.retryCap.rawValue)
            waiting.insert(WaitingTask(due: now.instant + Milliseconds(left), task: id.packed, attempt: task.attempt))
        }
        return TaskEntry(
            sequence: task.sequence, attempt: task.attempt, options: task.options, state: state,
            failures: task.failures,
            givenUp: task.givenUp, cancelRequested: task.cancelRequested)
    }

    private mutating func restore(
        _ assignment: RecoveredAssignment, closedRows: [UInt64: UInt64], names: [AgentID: String], at now: Moment
    ) {
        var numbers: [AttemptNumber] = []
        for number in assignment.attempts {
            guard let job = place(of: number.task.job), Int(number.task.index) < jobs[job].tasks.count else { continue }
            let entry = jobs[job].tasks[Int(number.task.index)]
            if !entry.state.isEnd, assignment.row > closedRows[number.task.packed] ?? 0 { numbers.append(number) }
        }
        guard !numbers.isEmpty else { return record(.assignmentRetired(row: assignment.row)) }
        let index = awaited(assignment.agent, name: names[assignment.agent] ?? assignment.agent.description, at: now)
        for number in numbers {
            guard let job = place(of: number.task.job) else { continue }
            let task = Int(number.task.index)
            if jobs[job].tasks[task].state != .running { move(job, task, to: .running) }
            jobs[job].tasks[task].attempt = number.attempt
            jobs[job].tasks[task].givenUp = false
            open[number.task.packed] = OpenAttempt(agent: index, attempt: number.attempt, row: assignment.row)
            openInRow[assignment.row, default: 0] += 1
            agents[Int(index.rawValue)].open.append(number.task.packed)
        }
    }

    private mutating func awaited(_ id: AgentID, name: String, at now: Moment) -> AgentIndex {
        if let known = agentPlaces[id] { return known }
        let index = AgentIndex(rawValue: Int32(agents.count))
        agents.append(AgentEntry(id: id, name: name, state: .awaited, lastHeard: now.instant))
        agentPlaces[id] = index
        return index
    }
}
