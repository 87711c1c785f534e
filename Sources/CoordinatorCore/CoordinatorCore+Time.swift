import ClusterModel

extension CoordinatorCore {
    /// Time went on: ends backoffs, marks silent agents, gives up what a lost agent held. Called after the sockets were drained, so that
    /// an agent is never judged by messages that lie unread.
    public mutating func timePassed(to now: Moment) {
        lastMoment = now.instant
        turnDay(at: now)
        while let next = waiting.min, next.due <= now.instant {
            waiting.removeMin()
            let task = TaskID(packed: next.task)
            guard let job = place(of: task.job), Int(task.index) < jobs[job].tasks.count else { continue }
            let entry = jobs[job].tasks[Int(task.index)]
            guard entry.state == .backoff, entry.attempt == next.attempt else { continue }
            move(job, Int(task.index), to: .queued)
        }
        expire(at: now)
        age(at: now)
        for place in agents.indices {
            let silence = now.instant.milliseconds(since: agents[place].lastHeard)
            switch agents[place].state {
            case .live where silence >= configuration.suspectAfter: agents[place].state = .suspect
            case .suspect where silence >= configuration.lease, .awaited where silence >= configuration.lease:
                agents[place].state = .lost
                agents[place].report = AgentReport(capacity: 0)
                callsEnded(of: place, at: now.instant)
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
            case .lost, .gone, .draining: break
            }
        }
        if isDaySpent || (hasDayBudget && !budgetWaits.isEmpty) { next = min(next, spending.dayEnds) }
        if let first = expiries.min { next = min(next, first.due) }
        next = min(next, desk?.nextDeadline ?? next, desk?.nextRecord ?? next, heldBeforeUntil ?? next)
        next = min(next, desk?.nextLessons ?? next, desk?.reservationDue ?? next)
        return next
    }
}

/// Something of a job that runs out.
struct Expiry: Comparable {
    var due: Instant
    var job: JobID
    /// Nil: the whole job's deadline.
    var tasks: Range<UInt32>?
    /// Only tasks whose options say this.
    var after: Milliseconds = 0

    static func < (a: Self, b: Self) -> Bool {
        (a.due, a.job, a.tasks?.lowerBound ?? 0) < (b.due, b.job, b.tasks?.lowerBound ?? 0)
    }
}

extension CoordinatorCore {
    /// Notes a job's deadline. The calendar says how long it is from now; from then on the monotonic clock counts, so that a jump of the
    /// calendar ends nothing.
    mutating func expect(_ job: Int, at now: Moment) {
        guard let deadline = jobs[job].spec.deadline, !jobs[job].switches.isExpired else { return }
        let left = max(0, min(deadline.milliseconds - now.wall.milliseconds, Self.longestWait))
        expiries.insert(Expiry(due: now.instant + Milliseconds(left), job: jobs[job].id, tasks: nil))
    }

    /// No wait is longer: a hundred years.
    static let longestWait: Int64 = 100 * 366 * 86_400_000

    /// Notes when tasks of one submit expire; `rows` are their options, in order from `first`.
    mutating func expect(_ job: Int, from first: Int, _ rows: [Int], at now: Moment) {
        var known: [Milliseconds] = []
        for row in rows {
            let after = jobs[job].options[row].value.expiresAfter
            guard after > 0, !known.contains(after) else { continue }
            known.append(after)
            expiries.insert(
                Expiry(
                    due: now.instant + after, job: jobs[job].id, tasks: UInt32(first)..<UInt32(first + rows.count),
                    after: after))
        }
    }

    private mutating func expire(at now: Moment) {
        while let next = expiries.min, next.due <= now.instant {
            expiries.removeMin()
            guard let job = place(of: next.job), jobs[job].finishedAt == nil else { continue }
            guard let tasks = next.tasks else {
                if jobs[job].switches.isExpired { continue }
                seal(job)
                setSwitches(job) { $0.isExpired = true }
                begin(.expire, on: job, at: now)
                continue
            }
            for index in tasks {
                guard jobs[job].finishedAt == nil else { break }
                let entry = jobs[job].tasks[Int(index)]
                let isLate = jobs[job].options[Int(entry.options)].value.expiresAfter == next.after
                guard isLate, entry.attempt == 0, !entry.state.isEnd else { continue }
                endUnrun(
                    TaskID(job: next.job, index: index), .expired, .expired,
                    "it had not started \(next.after.rawValue) ms after it was submitted", at: now)
            }
        }
    }

    /// Lanes that waited long stand a level higher, so that nothing starves under a flood of what is more urgent.
    private mutating func age(at now: Moment) {
        let step = configuration.ageing.rawValue
        guard step > 0 else { return }
        for place in lanes.indices where lanes[place].isListed {
            let waited = now.instant.milliseconds(since: lanes[place].waitingSince).rawValue
            let base = Int(lanes[place].priority.rawValue)
            let level = max(base, min(8, base + Int(waited / step)))
            guard level != lanes[place].level else { continue }
            lanes[place].level = level
            list(place)
        }
    }
}
