import ClusterModel

extension CoordinatorCore {
    /// The user wants tasks ended: all of a job (`indexes` empty) or some. What waits ends at once; what runs is told to stop and ends
    /// when its agent says so.
    public mutating func cancelArrived(_ id: JobID, indexes: [UInt32], reply handle: ReplyHandle, at now: Moment) {
        guard let job = place(of: id) else {
            return reply(handle, .refused(.unknownJob, "there is no job \(id)"))
        }
        if let beyond = indexes.first(where: { $0 >= jobs[job].counts.tasks }) {
            return reply(
                handle,
                .refused(.unknownTask, "there is no task \(id).\(beyond): job \(id) has \(jobs[job].counts.tasks)"))
        }
        guard jobs[job].finishedAt == nil else { return reply(handle, .cancelled(queued: 0, running: 0)) }
        if indexes.isEmpty, !jobs[job].sealed {
            // Its submitter may be gone: nothing more is taken.
            jobs[job].sealed = true
            record(.jobSealed(id))
        }
        var ended: UInt32 = 0
        var told: [[AttemptToken]] = Array(repeating: [], count: agents.count)
        var stopping: UInt32 = 0
        // Each once, however often it is named: what is told and counted must agree.
        let wanted = indexes.isEmpty ? Array(0..<UInt32(jobs[job].tasks.count)) : Set(indexes).sorted()
        for index in wanted {
            guard jobs[job].finishedAt == nil else { break }
            let task = TaskID(job: id, index: index)
            let entry = jobs[job].tasks[Int(index)]
            if entry.state.isEnd { continue }
            if let attempt = open[task.packed] {
                stopping += 1
                told[Int(attempt.agent.rawValue)].append(token(task, attempt.attempt))
                guard !entry.cancelRequested else { continue }
                jobs[job].tasks[Int(index)].cancelRequested = true
                record(.cancelRequested(task))
            } else {
                ended += 1
                end(
                    task, .cancelled, attempt: entry.attempt, agent: nil, result: nil,
                    failure: TaskFailure(.cancelled, "cancelled by the user"), at: now)
            }
        }
        for (place, tokens) in told.enumerated() where !tokens.isEmpty {
            emit(.cancel(AgentIndex(rawValue: Int32(place)), tokens))
        }
        finishIfDone(job, at: now)
        reply(handle, .cancelled(queued: ended, running: stopping))
    }
}
