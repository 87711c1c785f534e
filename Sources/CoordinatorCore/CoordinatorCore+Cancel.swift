import ClusterModel

extension CoordinatorCore {
    /// The user wants tasks ended: all of a job (`indexes` empty) or some. What waits ends at once, or in the next turns if it is much;
    /// what runs is told to stop and ends when its agent says so.
    public mutating func cancelArrived(_ id: JobID, indexes: [UInt32], reply handle: ReplyHandle, at now: Moment) {
        guard let job = place(of: id) else {
            return reply(handle, .refused(.unknownJob, "there is no job \(id)"))
        }
        if let refusal = refusal(of: indexes, in: job) { return reply(handle, refusal) }
        guard jobs[job].finishedAt == nil else { return reply(handle, .cancelled(queued: 0, running: 0)) }
        if indexes.isEmpty { return cancelAll(job, reply: handle, at: now) }
        var waited: UInt32 = 0
        var running: UInt32 = 0
        var told: [(agent: AgentIndex, tokens: [AttemptToken])] = []
        // Each once, however often it is named: what is told and counted must agree.
        for index in Set(indexes).sorted() {
            guard jobs[job].finishedAt == nil else { break }
            let state = jobs[job].tasks[Int(index)].state
            if state.isEnd { continue }
            if state == .running { running += 1 } else { waited += 1 }
            stop(
                TaskID(job: id, index: index), as: .cancelled, .cancelled, "cancelled by the user", &told, in: job,
                at: now)
        }
        for (agent, tokens) in told { emit(.cancel(agent, tokens)) }
        reply(handle, .cancelled(queued: waited, running: running))
    }

    private mutating func cancelAll(_ job: Int, reply handle: ReplyHandle, at now: Moment) {
        // Its submitter may be gone.
        seal(job)
        let counts = jobs[job].counts
        reply(handle, .cancelled(queued: counts.tasks - counts.ended - counts.running, running: counts.running))
        begin(.cancel, on: job, at: now)
    }

    /// Refuses places that the job does not have.
    func refusal(of indexes: [UInt32], in job: Int) -> Reply? {
        let count = jobs[job].counts.tasks
        guard let beyond = indexes.first(where: { $0 >= count }) else { return nil }
        let id = jobs[job].id
        return .refused(.unknownTask, "there is no task \(id).\(beyond): job \(id) has \(count)")
    }
}
