import ClusterModel

extension CoordinatorCore {
    /// One batch of a submit came in. A batch seen before adds nothing and is answered as it was.
    public mutating func submitArrived(_ batch: SubmitBatch, reply handle: ReplyHandle, at now: Moment) {
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
            return append(batch, to: place, at: now)
        }
        guard batch.firstIndex == 0, batch.firstOptions == 0 else {
            return .failure(
                Refusal(code: .unknownJob, message: "the first batch of this submit is not here: send it first"))
        }
        if let refusal = refusalForMore(batch.tasks.count, in: 0) { return .failure(refusal) }
        let id = JobID(rawValue: nextJob)
        nextJob += 1
        jobs.append(JobEntry(id: id, spec: batch.spec, key: batch.key, submittedAt: now.wall))
        jobPlaces[id] = jobs.count - 1
        jobKeys[batch.key] = id
        record(.jobOpened(id, spec: batch.spec, key: batch.key, at: now.wall))
        return append(batch, to: jobs.count - 1, at: now)
    }

    private func refusalForMore(_ count: Int, in job: Int) -> Refusal? {
        if diskIsLow {
            return Refusal(
                code: .diskFull,
                message:
                    "the coordinator's disk is nearly full, so nothing new is taken (what was acknowledged stays): free some space"
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

    private mutating func append(_ batch: SubmitBatch, to place: Int, at now: Moment) -> Result<Int, Refusal> {
        let job = jobs[place]
        let have = Int(job.counts.tasks)
        let first = Int(batch.firstIndex)
        let end = first + batch.tasks.count
        if end <= have, job.sealed || !batch.seal { return .success(place) }  // seen before
        guard !job.sealed else {
            return .failure(
                Refusal(
                    code: .jobSealed, message: "job \(job.id) is whole with its \(have) tasks: nothing can be added"))
        }
        guard first <= have, batch.firstOptions <= job.options.count else {
            return .failure(
                Refusal(
                    code: .invalid,
                    message: "job \(job.id) has \(have) tasks so far: a batch before this one is missing"))
        }
        let newOptions = batch.options.dropFirst(job.options.count - Int(batch.firstOptions))
        let newTasks = batch.tasks.dropFirst(have - first)
        guard job.options.count + newOptions.count <= Limits.optionsPerJob else {
            return .failure(
                Refusal(
                    code: .invalid,
                    message: "a job takes at most \(Limits.optionsPerJob) different sets of options: split it"))
        }
        guard have + newTasks.count <= Limits.tasksPerJob else {
            return .failure(
                Refusal(code: .invalid, message: "a job takes at most \(Limits.tasksPerJob) tasks: split it"))
        }
        let rows = job.options.count + newOptions.count
        if let stray = newTasks.first(where: { Int($0.options) >= rows }) {
            return .failure(Refusal(code: .invalid, message: "a task names options row \(stray.options) of \(rows)"))
        }
        if let refusal = refusalForMore(newTasks.count, in: place) { return .failure(refusal) }

        if !newOptions.isEmpty {
            record(.optionsAdded(job.id, first: UInt32(job.options.count), Array(newOptions)), weight: newOptions.count)
            jobs[place].options.append(contentsOf: newOptions)
        }
        if !newTasks.isEmpty { add(newTasks, to: place, at: now) }
        if batch.seal {
            jobs[place].sealed = true
            record(.jobSealed(job.id))
            finishIfDone(place, at: now)
        }
        return .success(place)
    }

    private mutating func add(_ tasks: ArraySlice<TaskSpec>, to place: Int, at now: Moment) {
        let id = jobs[place].id
        let have = jobs[place].tasks.count
        record(
            .tasksAdded(id, first: UInt32(have), firstSequence: nextSequence, Array(tasks), at: now.wall),
            weight: 2 * tasks.count)
        for (offset, task) in tasks.enumerated() {
            jobs[place].tasks.append(
                TaskEntry(
                    sequence: nextSequence, attempt: 0, options: UInt16(task.options), state: .queued, failures: 0,
                    givenUp: false,
                    cancelRequested: false))
            nextSequence += 1
            enqueue(place, have + offset)
        }
        let count = UInt32(tasks.count)
        jobs[place].counts.tasks += count
        jobs[place].counts.queued += count
        unfinishedTasks += tasks.count
    }

    /// The shell measured the data directory's disk.
    public mutating func diskMeasured(isLow: Bool) { diskIsLow = isLow }
}
