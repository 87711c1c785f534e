import ClusterModel

extension CoordinatorCore {
    /// One batch of a submit came in. A batch seen before adds nothing and is answered as it was.
    public mutating func submitArrived(_ batch: SubmitBatch, reply handle: ReplyHandle, at now: Moment) {
        lastMoment = max(lastMoment, now.instant)
        switch admit(batch, at: now) {
        case .failure(let refusal): reply(handle, .refused(refusal.code, refusal.message))
        case .success(let place):
            let job = jobs[place]
            reply(handle, .submitted(job.id, taskCount: UInt32(job.counts.tasks), sealed: job.sealed))
        }
    }

    private struct Refusal: Error {
        var code: RefusalCode
        var message: String
    }

    private mutating func admit(_ batch: SubmitBatch, at now: Moment) -> Result<Int, Refusal> {
        let known = batch.job ?? jobKeys[batch.key]
        if let job = known {
            guard let place = place(of: job) else {
                return .failure(Refusal(code: .unknownJob, message: "there is no job \(job)"))
            }
            guard jobs[place].key == batch.key else {
                return .failure(Refusal(code: .invalid, message: "job \(job) was submitted under another key"))
            }
            if wasSeen(batch, in: jobs[place]) { return .success(place) }
            if let refusal = refusal(of: batch, for: jobs[place]) { return .failure(refusal) }
            append(batch, to: place, at: now)
            return .success(place)
        }
        guard batch.firstIndex == 0, batch.firstOptions == 0 else {
            return .failure(
                Refusal(code: .unknownJob, message: "the first batch of this submit is not here: send it first"))
        }
        // Judged before anything is made: a refused submit leaves no empty job behind.
        let entry = JobEntry(id: JobID(rawValue: nextJob), spec: batch.spec, key: batch.key, submittedAt: now.wall)
        if let refusal = refusalForMore(batch.tasks.count) ?? refusal(of: batch.spec) ?? refusal(of: batch, for: entry)
        {
            return .failure(refusal)
        }
        nextJob += 1
        jobs.append(entry)
        let place = jobs.count - 1
        jobPlaces[entry.id] = place
        jobKeys[batch.key] = entry.id
        record(.jobOpened(entry.id, spec: batch.spec, key: batch.key, at: now.wall))
        waitForJobs(place)
        expect(place, at: now)
        append(batch, to: place, at: now)
        if jobs[place].finishedAt == nil { stopIfJobsFailed(place, at: now) }
        return .success(place)
    }

    private func refusalForMore(_ count: Int) -> Refusal? {
        if diskIsLow {
            return Refusal(
                code: .diskFull,
                message:
                    "the coordinator's disk is nearly full, so nothing new is taken (what was acknowledged stays): free some space"
            )
        }
        if storeIsFull {
            return Refusal(
                code: .queueFull,
                message:
                    "the coordinator's store is as large as max-store-bytes allows: `ccctl prune` what has finished, or raise it"
            )
        }
        if unfinishedTasks + count > configuration.maxQueuedTasks {
            return Refusal(
                code: .queueFull,
                message:
                    "the queue holds \(unfinishedTasks) tasks and takes at most \(configuration.maxQueuedTasks): wait or raise max-queued-tasks"
            )
        }
        return nil
    }

    private func refusal(of spec: JobSpec) -> Refusal? {
        guard let missing = spec.after.first(where: { place(of: $0.job) == nil }) else { return nil }
        return Refusal(code: .unknownJob, message: "there is no job \(missing.job) to wait for")
    }

    /// Whether the job has everything that the batch brings.
    private func wasSeen(_ batch: SubmitBatch, in job: JobEntry) -> Bool {
        guard Int(batch.firstIndex) + batch.tasks.count <= Int(job.counts.tasks) else { return false }
        // A finished job's options are not kept over a restart.
        return job.sealed || (!batch.seal && Int(batch.firstOptions) + batch.options.count <= job.options.count)
    }

    /// Nil: the batch may be added to the job.
    private func refusal(of batch: SubmitBatch, for job: JobEntry) -> Refusal? {
        let have = Int(job.counts.tasks)
        let first = Int(batch.firstIndex)
        if job.switches.isStopped || job.switches.isExpired {
            let why =
                job.switches.isExpired
                ? "its deadline came"
                : "it stopped, as too many of its tasks or a job before it failed, or its budget was used up"
            return Refusal(code: .jobSealed, message: "nothing can be added to job \(job.id): \(why)")
        }
        guard !job.sealed else {
            return Refusal(
                code: .jobSealed, message: "job \(job.id) is whole with its \(have) tasks: nothing can be added")
        }
        guard first <= have, batch.firstOptions <= job.options.count else {
            return Refusal(
                code: .invalid, message: "job \(job.id) has \(have) tasks so far: a batch before this one is missing")
        }
        let rows = max(job.options.count, Int(batch.firstOptions) + batch.options.count)
        guard rows <= Limits.optionsPerJob else {
            return Refusal(
                code: .invalid,
                message: "a job takes at most \(Limits.optionsPerJob) different sets of options: split it")
        }
        let newTasks = batch.tasks.dropFirst(have - first)
        guard have + newTasks.count <= Limits.tasksPerJob else {
            return Refusal(code: .invalid, message: "a job takes at most \(Limits.tasksPerJob) tasks: split it")
        }
        var new = Set<Requirement>()
        for options in batch.options where kindPlaces[Requirement(options)] == nil { new.insert(Requirement(options)) }
        guard kinds.count + new.count <= Limits.requirementKinds else {
            return Refusal(
                code: .invalid,
                message:
                    "the queue knows \(kinds.count) different sets of runner and labels and takes at most \(Limits.requirementKinds)"
            )
        }
        if let refusal = refusal(ofLinks: newTasks, from: have, seal: batch.seal, job) { return refusal }
        if let stray = newTasks.first(where: { Int($0.options) >= rows }) {
            return Refusal(code: .invalid, message: "a task names options row \(stray.options) of \(rows)")
        }
        // A batch that only seals takes no room and lets its job end: it is taken even when nothing new is.
        return newTasks.isEmpty && rows == job.options.count ? nil : refusalForMore(newTasks.count)
    }

    /// Refuses links to nowhere and tasks that wait for each other in a circle.
    private func refusal(ofLinks tasks: ArraySlice<TaskSpec>, from have: Int, seal: Bool, _ job: JobEntry) -> Refusal? {
        var more: [UInt32: [UInt32]] = [:]
        var starts: [UInt32] = []
        var furthest = job.graph?.furthest
        var turns: [String: UInt32] = [:]
        for (offset, task) in tasks.enumerated()
        where !task.after.isEmpty || !task.context.isEmpty || !task.fork.isEmpty {
            let index = UInt32(have + offset)
            more[index] = task.after.map(\.index)
            if !task.fork.isEmpty {
                switch origin(ofFork: task, at: index, turns, job) {
                case .success(let origin): more[index]?.append(origin)
                case .failure(let refusal): return refusal
                }
            }
            if !task.context.isEmpty {
                let known = job.graph.flatMap { graph in
                    graph.contextPlaces[task.context].map { graph.contexts[$0].last }
                }
                if let before = turns.updateValue(index, forKey: task.context) ?? known { more[index]?.append(before) }
            }
            for link in task.after {
                if link.index == index {
                    return Refusal(code: .cycle, message: "task \(job.id).\(index) waits for itself")
                }
                furthest = max(furthest ?? 0, link.index)
                if link.index > index { starts.append(index) }
            }
        }
        let total = have + tasks.count
        if seal, let furthest, Int(furthest) >= total {
            return Refusal(
                code: .invalid,
                message: "a task of job \(job.id) waits for task \(furthest), and the job has \(total) tasks")
        }
        guard !starts.isEmpty || job.graph?.hasForwardLinks == true else { return nil }
        guard total <= Limits.tasksWithForwardLinks else {
            return Refusal(
                code: .invalid,
                message:
                    "a job in which tasks wait for later ones takes at most \(Limits.tasksWithForwardLinks) tasks: put what is waited for first"
            )
        }
        let graph = job.graph ?? JobGraph()
        guard let cycle = graph.cycle(adding: more, startingAt: starts.isEmpty ? more.keys.sorted() : starts) else {
            return nil
        }
        return Refusal(
            code: .cycle,
            message: "tasks wait for each other in a circle: "
                + cycle.map { "\(job.id).\($0)" }.joined(separator: " → "))
    }

    /// The turn whose conversation the task's context begins as a copy of. `turns`: the last of each context among the tasks before it that are new.
    private func origin(
        ofFork task: TaskSpec, at index: UInt32, _ turns: [String: UInt32], _ job: JobEntry
    ) -> Result<UInt32, Refusal> {
        func last(_ context: String) -> UInt32? {
            turns[context]
                ?? job.graph.flatMap { graph in graph.contextPlaces[context].map { graph.contexts[$0].last } }
        }
        func refused(_ why: String) -> Result<UInt32, Refusal> {
            .failure(
                Refusal(code: .invalid, message: "task \(job.id).\(index) forks the context \"\(task.fork)\", \(why)"))
        }
        if task.context.isEmpty { return refused("and has no context of its own: name one") }
        if last(task.context) != nil {
            return refused("and is not the first of its own, \"\(task.context)\": say it on the first alone")
        }
        guard let origin = last(task.fork) else { return refused("which no task before it has") }
        return .success(origin)
    }

    private mutating func append(_ batch: SubmitBatch, to place: Int, at now: Moment) {
        let id = jobs[place].id
        let newOptions = batch.options.dropFirst(jobs[place].options.count - Int(batch.firstOptions))
        let newTasks = batch.tasks.dropFirst(Int(jobs[place].counts.tasks) - Int(batch.firstIndex))
        if !newOptions.isEmpty {
            record(
                .optionsAdded(id, first: UInt32(jobs[place].options.count), Array(newOptions)), weight: newOptions.count
            )
            for options in newOptions { addRow(options, to: place) }
        }
        if !newTasks.isEmpty { add(newTasks, to: place, at: now) }
        if batch.seal {
            jobs[place].sealed = true
            record(.jobSealed(id))
            finishIfDone(place, at: now)
        }
    }

    mutating func addRow(_ options: TaskOptions, to place: Int) {
        jobs[place].options.append(SharedOptions(options))
        // Their number was looked at before; a store that holds more than are allowed was written by another version.
        jobs[place].kinds.append(kind(of: options) ?? 0)
        jobs[place].laneOfRow.append(-1)
    }

    private mutating func add(_ tasks: ArraySlice<TaskSpec>, to place: Int, at now: Moment) {
        let id = jobs[place].id
        let have = jobs[place].tasks.count
        record(
            .tasksAdded(id, first: UInt32(have), firstSequence: nextSequence, Array(tasks), at: now.wall),
            weight: 2 * tasks.count)
        let count = UInt32(tasks.count)
        jobs[place].counts.tasks += count
        jobs[place].counts.blocked += count
        unfinishedTasks += tasks.count
        for task in tasks {
            jobs[place].tasks.append(
                TaskEntry(sequence: nextSequence, options: UInt16(task.options), state: .blocked))
            nextSequence += 1
        }
        for (offset, task) in tasks.enumerated() {
            let index = UInt32(have + offset)
            if !task.after.isEmpty || !task.context.isEmpty { link(task, at: index, in: place) }
            if jobs[place].graph == nil || !waitForLinks(index, in: place) { move(place, have + offset, to: .queued) }
        }
        expect(place, from: have, tasks.map { Int($0.options) }, at: now)
    }

    /// The shell measured the data directory's disk.
    public mutating func diskMeasured(isLow: Bool, storeIsFull: Bool = false) {
        diskIsLow = isLow
        self.storeIsFull = storeIsFull
    }
}
