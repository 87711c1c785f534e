import ClusterModel

/// Conversations: what their turns go on from, and which of that is kept.
///
/// A turn that succeeded has a head: the conversation as it left it. An unfinished task has one when its last attempt was interrupted since its
/// calls were held. A turn that failed has none, so that nothing goes on from what it left.
extension CoordinatorCore {
    /// What an attempt at this task is a turn of; nil: it stands alone.
    func conversation(of index: UInt32, in job: Int) -> Conversation? {
        let own = jobs[job].heads[index]
        guard let context = jobs[job].graph?.contextOf[index], let name = jobs[job].graph?.contexts[context].name else {
            return own.map { Conversation(context: "", head: $0, isContinuation: true) }
        }
        if let own { return Conversation(context: name, head: own, isContinuation: true) }
        guard let before = headBefore(index, in: job) else { return Conversation(context: name) }
        return Conversation(context: name, head: before.head, isFork: before.isFork)
    }

    /// The agent that has the task's conversation in memory, if any has.
    func holder(of index: UInt32, in job: Int) -> AgentID? {
        guard let context = jobs[job].graph?.contextOf[index] else { return nil }
        return jobs[job].graph?.contexts[context].agent ?? headBefore(index, in: job)?.head.agent
    }

    /// The conversation that a turn goes on from. A turn that a person let go on after a failed one goes on from the last that succeeded.
    private func headBefore(_ index: UInt32, in job: Int) -> (head: ConversationHead, isFork: Bool)? {
        guard !jobs[job].heads.isEmpty else { return nil }
        var isFork = false
        var place = index
        while let before = jobs[job].graph?.turnBefore(place) {
            isFork = isFork || before.isFork
            if jobs[job].tasks[Int(before.index)].state == .succeeded, let head = jobs[job].heads[before.index] {
                return (head, isFork)
            }
            place = before.index
        }
        return nil
    }

    /// A task has succeeded: as a turn of a context it leaves the head that the next one goes on from. Called before it ends.
    mutating func keepHead(_ reported: ConversationHead?, after task: TaskID, of agent: AgentID, in job: Int) {
        guard jobs[job].graph?.contextOf[task.index] != nil else { return dropHead(of: task, in: job) }
        // A turn of a runner that has no conversation leaves it as it was.
        var head = reported ?? headBefore(task.index, in: job)?.head
        if reported != nil { head?.agent = agent }
        if let head { keep(head, of: task, in: job) } else { dropHead(of: task, in: job) }
        if let before = jobs[job].graph?.turnBefore(task.index) {
            dropHead(passedBy: task.index, before.index, in: job)
        }
    }

    /// An attempt has ended and its task goes on: with what it said before it was interrupted, or from where its turn began.
    mutating func keepHead(
        _ reported: ConversationHead?, ofInterrupted task: TaskID, burns: Bool, of agent: AgentID, in job: Int
    ) {
        if burns { return dropHead(of: task, in: job) }
        guard var head = reported else { return }
        head.agent = agent
        keep(head, of: task, in: job)
    }

    mutating func dropHead(of task: TaskID, in job: Int) {
        if jobs[job].heads.removeValue(forKey: task.index) != nil { record(.headDropped(task)) }
    }

    private mutating func keep(_ head: ConversationHead, of task: TaskID, in job: Int) {
        jobs[job].heads[task.index] = head
        record(.headKept(task, head))
    }

    /// A head goes when every turn that goes on from it has succeeded. A context's last turn keeps its head: more turns, or copies, may come.
    private mutating func dropHead(passedBy turn: UInt32, _ index: UInt32, in job: Int) {
        guard jobs[job].heads[index] != nil, let context = jobs[job].graph?.contextOf[index],
            jobs[job].graph?.contexts[context].last != index,
            let next = jobs[job].graph?.continuations[index],
            next.allSatisfy({ $0 == turn || jobs[job].tasks[Int($0)].state == .succeeded })
        else { return }
        dropHead(of: TaskID(job: jobs[job].id, index: index), in: job)
    }
}
