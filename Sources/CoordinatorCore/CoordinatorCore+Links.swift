import ClusterModel
import Collections

/// Tasks that wait for tasks, and jobs that wait for jobs.
extension CoordinatorCore {
    /// Enters what a new task waits for.
    mutating func link(_ spec: TaskSpec, at index: UInt32, in job: Int) {
        if jobs[job].graph == nil { jobs[job].graph = JobGraph() }
        guard var graph = jobs[job].graph else { return }
        jobs[job].graph = nil
        defer { jobs[job].graph = graph }
        graph.add(spec, at: index)
    }

    /// Counts what a task still waits for and enters it with those tasks. True: it has to wait.
    mutating func waitForLinks(_ index: UInt32, in job: Int) -> Bool {
        guard var graph = jobs[job].graph, let links = graph.links[index] else { return false }
        jobs[job].graph = nil
        defer { jobs[job].graph = graph }
        var unmet = 0
        for link in links {
            let isThere = Int(link.index) < jobs[job].tasks.count
            let state = isThere ? jobs[job].tasks[Int(link.index)].state : .queued
            let other = TaskID(job: jobs[job].id, index: link.index)
            // A task that is tried again may still stand there from before, and will be told once.
            let isThereYet =
                graph.followers[link.index]?[(told[other.packed] ?? 0)...].contains { $0.index == index } ?? false
            if state == .succeeded, !isThereYet { continue }
            unmet += 1
            if !isThereYet {
                graph.followers[link.index, default: []].append(
                    JobGraph.Follower(index: index, condition: link.condition, isTurn: link.isTurn))
            }
            // It has ended already: its followers are told as if it ended now.
            if state.isEnd { tellLater(other) }
        }
        graph.unmet[index] = unmet == 0 ? nil : unmet
        return unmet > 0
    }

    /// The task has ended: who waits for it is told in the next turns.
    mutating func tellLater(_ task: TaskID) {
        guard told[task.packed] == nil else { return }
        told[task.packed] = 0
        settled.append(task.packed)
    }

    /// Tells followers of ended tasks, up to a bound; a task with a million of them is gone through over several turns.
    mutating func tellFollowers(atMost bound: Int, at now: Moment) {
        var left = bound
        while left > 0, let packed = settled.first {
            let task = TaskID(packed: packed)
            let known = told[packed] ?? 0
            if let job = place(of: task.job), jobs[job].finishedAt == nil,
                let followers = jobs[job].graph?.followers[task.index],
                jobs[job].tasks[Int(task.index)].state.isEnd, known < followers.count
            {
                told[packed] = known + 1
                left -= 1
                tell(followers[known], of: task, in: job, at: now)
                continue
            }
            settled.removeFirst()
            told[packed] = nil
            guard let job = place(of: task.job), let followers = jobs[job].graph?.followers[task.index] else {
                continue
            }
            // Those that were told wait no more; the rest stays for a task that is being tried again.
            let rest = Array(followers.dropFirst(known))
            jobs[job].graph?.followers[task.index] = rest.isEmpty ? nil : rest
        }
    }

    private mutating func tell(_ follower: JobGraph.Follower, of task: TaskID, in job: Int, at now: Moment) {
        let index = Int(follower.index)
        guard !jobs[job].tasks[index].state.isEnd, let unmet = jobs[job].graph?.unmet[follower.index] else { return }
        let state = jobs[job].tasks[Int(task.index)].state
        let id = TaskID(job: task.job, index: follower.index)
        let isMet =
            state == .succeeded
            || (!follower.isTurn && (follower.condition == .end || jobs[job].spec.continuesOnFailure))
        if !isMet {
            let why = "task \(task), which it waits for, is \(state.name)"
            let onError = jobs[job].options[Int(jobs[job].tasks[index].options)].value.onError
            guard follower.isTurn, onError == .hold else {
                return endUnrun(id, .skipped, .dependency, why, at: now)
            }
            meet(follower.index, unmet, in: job)
            if jobs[job].tasks[index].state != .held {
                hold(id, in: job, why: "the turn before it, \(task), is \(state.name)")
            }
            return
        }
        meet(follower.index, unmet, in: job)
        if unmet == 1, jobs[job].tasks[index].state == .blocked { move(job, index, to: .queued) }
    }

    private mutating func meet(_ index: UInt32, _ unmet: Int, in job: Int) {
        jobs[job].graph?.unmet[index] = unmet == 1 ? nil : unmet - 1
    }

    /// Stops a waiting task until a person releases it.
    mutating func hold(_ task: TaskID, in job: Int, why: String) {
        move(job, Int(task.index), to: .held)
        jobs[job].noteHold(task.index, why)
        record(.taskHeld(task, why: why))
    }

    /// A task waits again, for its turn or for what it depends on.
    mutating func wait(_ job: Int, _ index: Int) {
        let isBlocked = jobs[job].graph?.unmet[UInt32(index)] != nil
        move(job, index, to: isBlocked ? .blocked : .queued)
    }

    // MARK: jobs

    /// Enters a new job with those that it waits for.
    mutating func waitForJobs(_ job: Int) {
        for link in jobs[job].spec.after {
            guard let other = place(of: link.job), !jobs[other].isGone else { continue }
            if jobs[other].finishedAt != nil, isMet(link, by: other) || jobs[job].spec.continuesOnFailure { continue }
            jobs[job].unmetJobs += 1
            // One that failed already stops this one as soon as followers are told.
            if jobs[other].finishedAt == nil, jobFollowers[link.job]?.contains(jobs[job].id) != true {
                jobFollowers[link.job, default: []].append(jobs[job].id)
            }
        }
        relist(job)
    }

    private func isMet(_ link: JobLink, by other: Int) -> Bool {
        link.condition == .end || jobs[other].counts.succeeded == jobs[other].counts.tasks
    }

    /// A job has finished: those that wait for it start, or are stopped.
    mutating func tellFollowers(ofJob job: Int, at now: Moment) {
        for id in jobFollowers.removeValue(forKey: jobs[job].id) ?? [] {
            guard let follower = place(of: id), jobs[follower].finishedAt == nil else { continue }
            for link in jobs[follower].spec.after where link.job == jobs[job].id {
                if isMet(link, by: job) || jobs[follower].spec.continuesOnFailure {
                    jobs[follower].unmetJobs = max(0, jobs[follower].unmetJobs - 1)
                } else {
                    stop(follower, at: now)
                }
            }
            if jobs[follower].mayStart { relist(follower) }
        }
    }

    /// A job that waits for one that has failed already is stopped at once.
    mutating func stopIfJobsFailed(_ job: Int, at now: Moment) {
        if jobs[job].unmetJobs > 0, failedJob(before: job) != nil { stop(job, at: now) }
    }

    /// A job that this one waits for and that has ended otherwise than it must; nil: there is none.
    func failedJob(before job: Int) -> JobID? {
        guard !jobs[job].spec.continuesOnFailure else { return nil }
        return jobs[job].spec.after.first { link in
            guard let other = place(of: link.job), jobs[other].finishedAt != nil else { return false }
            return !isMet(link, by: other)
        }?.job
    }

    mutating func stopIfTooManyFailed(_ job: Int, at now: Moment) {
        guard let most = jobs[job].spec.failuresAtMost, jobs[job].counts.failed > most else { return }
        stop(job, at: now)
    }

    /// Nothing of the job starts any more: what has not started is skipped, what runs may end.
    mutating func stop(_ job: Int, at now: Moment) {
        guard !jobs[job].switches.isStopped else { return }
        seal(job)
        setSwitches(job) { $0.isStopped = true }
        begin(.stop, on: job, at: now)
    }

    /// Nothing more is taken.
    mutating func seal(_ job: Int) {
        guard !jobs[job].sealed else { return }
        jobs[job].sealed = true
        record(.jobSealed(jobs[job].id))
    }

    mutating func setSwitches(_ job: Int, _ change: (inout JobSwitches) -> Void) {
        change(&jobs[job].switches)
        record(.jobChanged(jobs[job].id, jobs[job].switches))
        relist(job)
    }
}
