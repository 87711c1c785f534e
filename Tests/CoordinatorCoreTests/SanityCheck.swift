import ClusterModel

@testable import CoordinatorCore

extension CoordinatorCore {
    /// What must hold between any two inputs, as sentences about what does not.
    func sanityCheck() -> [String] {
        var wrong: [String] = []
        var unfinished = 0
        var running = 0
        for job in jobs {
            if job.isGone { continue }
            if job.finishedAt != nil {
                if !job.tasks.isEmpty {
                    wrong.append("job \(job.id) has finished and keeps \(job.tasks.count) entries")
                }
                if !job.sealed { wrong.append("job \(job.id) has finished and is not sealed") }
                if job.counts.ended != job.counts.tasks {
                    wrong.append("job \(job.id) has finished without all its tasks")
                }
                continue
            }
            var counts = [UInt32](repeating: 0, count: TaskState.allCases.count)
            for index in job.tasks.indices {
                let entry = job.tasks[index]
                counts[Int(entry.state.rawValue)] += 1
                let held = open[TaskID(job: job.id, index: UInt32(index)).packed]
                if (entry.state == .running) != (held != nil) {
                    wrong.append(
                        "task \(job.id).\(index) is \(entry.state.name), its open attempt is \(held?.attempt ?? 0)")
                }
                if let held {
                    running += 1
                    if held.attempt != entry.attempt {
                        wrong.append(
                            "task \(job.id).\(index): attempt \(held.attempt) is open, its last is \(entry.attempt)")
                    }
                    if entry.givenUp { wrong.append("task \(job.id).\(index) is open and given up") }
                }
                if !entry.state.isEnd { unfinished += 1 }
                if Int(entry.options) >= job.options.count { wrong.append("task \(job.id).\(index) has no options") }
                if entry.cancelRequested, entry.state == .queued || entry.state == .backoff {
                    wrong.append("task \(job.id).\(index) waits though it is to be cancelled")
                }
            }
            for state in TaskState.allCases where job.counts[state] != counts[Int(state.rawValue)] {
                wrong.append(
                    "job \(job.id) counts \(job.counts[state]) \(state.name), its entries say \(counts[Int(state.rawValue)])"
                )
            }
            if Int(job.counts.tasks) != job.tasks.count {
                wrong.append("job \(job.id) counts \(job.counts.tasks) tasks of \(job.tasks.count)")
            }
            if job.sealed, job.sweeps == 0, job.counts.ended == job.counts.tasks {
                wrong.append("job \(job.id) is done and not finished")
            }
        }
        if unfinished != unfinishedTasks {
            wrong.append("\(unfinishedTasks) unfinished tasks are counted, there are \(unfinished)")
        }
        if running != open.count {
            wrong.append("\(open.count) attempts are open, \(running) tasks of unfinished jobs run")
        }
        wrong += sanityOfAgents()
        wrong += sanityOfBudgets()
        wrong += sanityOfWaits()
        return wrong
    }

    /// What is set aside is what open attempts have set aside.
    private func sanityOfBudgets() -> [String] {
        var wrong: [String] = []
        var ofJob: [JobID: (sum: Spend, count: UInt32)] = [:]
        var all = (sum: Spend(), count: 0)
        var calls = Spend()
        var callsOfJob: [JobID: Spend] = [:]
        for (packed, attempt) in open {
            calls += attempt.callSpend
            callsOfJob[TaskID(packed: packed).job, default: Spend()] += attempt.callSpend
            guard let reserved = attempt.reserved else { continue }
            all.sum += reserved
            all.count += 1
            ofJob[TaskID(packed: packed).job, default: (Spend(), 0)].sum += reserved
            ofJob[TaskID(packed: packed).job, default: (Spend(), 0)].count += 1
        }
        if all.sum != spending.reserved || all.count != spending.reservations {
            wrong.append("\(spending.reserved) is set aside in all, open attempts say \(all)")
        }
        if calls != spending.callSpend { wrong.append("calls count \(spending.callSpend), open attempts say \(calls)") }
        for job in jobs where job.finishedAt == nil {
            if (callsOfJob[job.id] ?? Spend()) != job.callSpend {
                wrong.append("calls of job \(job.id) count \(job.callSpend), its open attempts say otherwise")
            }
            let own = ofJob[job.id] ?? (Spend(), 0)
            if own.sum != job.reserved || own.count != job.reservations {
                wrong.append("job \(job.id) has set aside \(job.reserved), its open attempts say \(own)")
            }
            if (budgetNote(of: job.id) != nil) != job.isOverBudget {
                wrong.append("job \(job.id) is over its budget: \(job.isOverBudget), and should be the contrary")
            }
        }
        return wrong
    }

    /// What holds a task is there as long as it is held, and no longer; of all that it still waits for it will still be told, held or not,
    /// so that a release puts it where it belongs and it does not wait for ever.
    private func sanityOfWaits() -> [String] {
        var wrong: [String] = []
        for job in jobs where !job.isGone {
            guard job.finishedAt == nil else {
                if !job.holds.isEmpty { wrong.append("job \(job.id) has finished and keeps \(job.holds.count) holds") }
                continue
            }
            for (index, why) in job.holds {
                if Int(index) >= job.tasks.count || job.tasks[Int(index)].state != .held {
                    wrong.append("task \(job.id).\(index) is not held, and \"\(why)\" holds it")
                }
                // By the user: that is what no entry says.
                if why.isEmpty || why == Self.heldByUser {
                    wrong.append("task \(job.id).\(index) is held for a reason that is not kept: \"\(why)\"")
                }
            }
            var untold: [UInt32: Int] = [:]
            for (on, followers) in job.graph?.followers ?? [:] {
                let known = told[TaskID(job: job.id, index: on).packed] ?? 0
                for follower in followers.dropFirst(known) { untold[follower.index, default: 0] += 1 }
            }
            for (index, entry) in job.tasks.enumerated() where !entry.state.isEnd {
                let unmet = job.graph?.unmet[UInt32(index)] ?? 0
                let due = untold[UInt32(index)] ?? 0
                // To be told of more than it waits for changes nothing.
                if unmet > due { wrong.append("task \(job.id).\(index) waits for \(unmet), will be told by \(due)") }
                guard entry.state == .held else { continue }
                if entry.cancelRequested {
                    wrong.append("task \(job.id).\(index) is held though it is to be cancelled")
                }
                if waiting.unordered.contains(where: {
                    $0.task == TaskID(job: job.id, index: UInt32(index)).packed && $0.attempt > entry.attempt
                }) {
                    wrong.append("task \(job.id).\(index) is held and in backoff after an attempt that is not there")
                }
            }
        }
        return wrong
    }

    private func sanityOfAgents() -> [String] {
        var wrong: [String] = []
        var listed = 0
        for (place, agent) in agents.enumerated() {
            listed += agent.open.count
            for packed in agent.open where open[packed].map({ Int($0.agent.rawValue) }) != place {
                wrong.append("agent \(agent.name) lists task \(TaskID(packed: packed)), which it does not hold")
            }
            if Set(agent.open).count != agent.open.count { wrong.append("agent \(agent.name) lists a task twice") }
            if agent.state == .lost || agent.state == .gone, !agent.open.isEmpty {
                wrong.append("agent \(agent.name) is \(agent.state.rawValue) and holds \(agent.open.count) attempts")
            }
            if agentPlaces[agent.id].map({ Int($0.rawValue) }) != place {
                wrong.append("agent \(agent.name) is not found by its id")
            }
        }
        if listed != open.count { wrong.append("agents list \(listed) attempts of \(open.count)") }
        var rows: [UInt64: Int] = [:]
        for attempt in open.values { rows[attempt.row, default: 0] += 1 }
        if rows != openInRow { wrong.append("rows count \(openInRow), the open attempts say \(rows)") }
        if agentPlaces.count != agents.count { wrong.append("\(agentPlaces.count) places for \(agents.count) agents") }
        // Every task that may run now can be found by the distribution.
        let queued = jobs.reduce(0) { $0 + ($1.finishedAt == nil ? Int($1.counts.queued) : 0) }
        let live = lanes.reduce(0) { $0 + ($1.isFree ? 0 : $1.queue.live) }
        if live != queued { wrong.append("\(queued) tasks are queued, the lanes hold \(live)") }
        wrong += sanityOfLanes()
        return wrong
    }

    /// Every task that may run now can be found by the distribution.
    private func sanityOfLanes() -> [String] {
        var wrong: [String] = []
        var perLane = [Int](repeating: 0, count: lanes.count)
        for (place, job) in jobs.enumerated() where job.finishedAt == nil {
            for entry in job.tasks where entry.state == .queued {
                let lane = job.laneOfRow[Int(entry.options)]
                if lane < 0 {
                    wrong.append("a queued task of job \(job.id) has no lane")
                } else {
                    perLane[Int(lane)] += 1
                }
            }
            for lane in job.lanes {
                if lanes[lane].job != place || lanes[lane].isFree { wrong.append("job \(job.id) has another's lane") }
                let should = job.mayStart && lanes[lane].queue.live > 0
                if lanes[lane].isListed != should {
                    wrong.append("a lane of job \(job.id) is listed: \(lanes[lane].isListed), and should be: \(should)")
                }
                if lanes[lane].isListed {
                    let there = shelves[lanes[lane].level][lanes[lane].kind].unordered.contains {
                        Int($0.lane) == lane && $0.stamp == lanes[lane].stamp
                    }
                    if !there { wrong.append("a listed lane of job \(job.id) is not on its shelf") }
                }
            }
            for account in job.accounts {
                let listed = job.lanes.count { lanes[$0].isListed && lanes[$0].priority == account.priority }
                if listed != account.listed {
                    wrong.append("job \(job.id) counts \(account.listed) listed lanes of \(listed)")
                }
            }
            for (index, unmet) in job.graph?.unmet ?? [:] where unmet <= 0 {
                wrong.append("task \(job.id).\(index) waits for \(unmet) others")
            }
            for (index, entry) in job.tasks.enumerated() {
                let unmet = job.graph?.unmet[UInt32(index)] != nil
                if entry.state == .blocked, !unmet { wrong.append("task \(job.id).\(index) is blocked by nothing") }
                if entry.state == .queued, unmet {
                    wrong.append("task \(job.id).\(index) is queued and waits for others")
                }
                // None: by the user.
                if entry.state != .held, job.holds[UInt32(index)] != nil {
                    wrong.append("task \(job.id).\(index) is \(entry.state.name), its hold says otherwise")
                }
            }
        }
        for lane in lanes.indices where !lanes[lane].isFree && lanes[lane].queue.live != perLane[lane] {
            wrong.append("lane \(lane) counts \(lanes[lane].queue.live) tasks of \(perLane[lane])")
        }
        return wrong
    }
}
