import ClusterModel

extension CoordinatorCore {
    /// Time went on: ends backoffs, marks silent agents, gives up what a lost agent held. Called after the sockets were drained, so that
    /// an agent is never judged by messages that lie unread.
    public mutating func timePassed(to now: Moment) {
        while let next = waiting.min, next.due <= now.instant {
            waiting.removeMin()
            let task = TaskID(packed: next.task)
            guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count else { continue }
            let entry = jobs[job].tasks[Int(task.index)]
            guard entry.state == .backoff, entry.attempt == next.attempt else { continue }
            move(job, Int(task.index), to: .queued)
            enqueue(job, Int(task.index))
        }
        for place in agents.indices {
            let silence = now.instant.milliseconds(since: agents[place].lastHeard)
            switch agents[place].state {
            case .live where silence >= configuration.suspectAfter: agents[place].state = .suspect
            case .suspect where silence >= configuration.lease, .awaited where silence >= configuration.lease:
                agents[place].state = .lost
                agents[place].report = AgentReport(capacity: 0)
                giveUpAll(
                    of: AgentIndex(rawValue: Int32(place)),
                    why: "its agent was silent for \(configuration.lease.rawValue / 1000) s", at: now)
            default: break
            }
        }
    }

    /// The loop itself stood still (a stopped process, a slow disk): no agent is blamed for that time.
    public mutating func loopStalled(for length: Milliseconds) {
        for place in agents.indices { agents[place].lastHeard = agents[place].lastHeard + length }
    }

    /// When ``timePassed(to:)`` has something to do next.
    public var nextDeadline: Instant {
        var next = waiting.min?.due ?? .distantFuture
        for agent in agents {
            switch agent.state {
            case .live: next = min(next, agent.lastHeard + configuration.suspectAfter)
            case .suspect, .awaited: next = min(next, agent.lastHeard + configuration.lease)
            case .lost, .gone: break
            }
        }
        return next
    }
}
