import ClusterModel
import Collections

extension CoordinatorCore {
    /// Hands waiting tasks to agents with room: the highest priority first, then the job that has had the least for its weight, then
    /// who came first; a task that no agent with room may take keeps nobody else waiting.
    public mutating func assignWork(at now: Moment) {
        desk?.forgetReservationDue()
        guard !isPaused else { return }
        var offers = Offers(agents, kinds: kinds.count)
        guard offers.total > 0 else { return }
        var batches: [(agent: Int, orders: [AttemptOrder], charges: [Charge])] = []
        var batchOf = [Int32](repeating: -1, count: agents.count)
        var left = configuration.ordersPerTurn
        // By class of models: tasks that the limits let start; nil: not asked yet.
        var admitted = [Int?](repeating: nil, count: admissions.count)
        for level in shelves.indices.reversed() {
            while left > 0, offers.total > 0, let item = nextLane(onLevel: level, &offers, &admitted, at: now.instant) {
                let lane = Int(item.lane)
                guard let agent = agent(for: item.head, of: lane, &offers) else { break }
                guard reservesLimits(item.head, of: lane, on: agent, at: now.instant) else {
                    // Not before more of the limits is there; what is less urgent does not go before it.
                    admitted[Int(classOfKind[lanes[lane].kind])] = 0
                    if level >= Int(Priority.critical.rawValue) { left = 0 }
                    continue
                }
                virtualTime[level] = item.pass
                offers.take(agent, fits)
                left -= 1
                let kindClass = classOfKind[lanes[lane].kind]
                if kindClass >= 0, let room = admitted[Int(kindClass)], room != .max {
                    admitted[Int(kindClass)] = max(0, room - 1)
                }
                let (order, charged) = start(item.head, of: lane, on: agent, at: now)
                if batchOf[agent] < 0 {
                    batchOf[agent] = Int32(batches.count)
                    batches.append((agent, [], []))
                }
                batches[Int(batchOf[agent])].orders.append(order)
                batches[Int(batchOf[agent])].charges.append(charged)
            }
        }
        for batch in batches {
            let numbers = batch.orders.map { AttemptNumber(task: $0.token.task, attempt: $0.token.attempt) }
            let index = AgentIndex(rawValue: Int32(batch.agent))
            openAttempts(numbers, charged: batch.charges, on: index, at: now)
            emit(.assign(index, batch.orders))
        }
        pace.started(configuration.ordersPerTurn - left, at: now.instant)
    }

    /// Of all lanes on a level whose tasks some agent with room may take, the one whose turn it is.
    private mutating func nextLane(
        onLevel level: Int, _ offers: inout Offers, _ admitted: inout [Int?], at now: Instant
    ) -> ShelfItem? {
        var best: ShelfItem?
        let dayIsSpent = isDaySpent
        for kind in kinds.indices where shelves[level][kind].count > 0 && offers.hasRoom(kind, fits) {
            if dayIsSpent, kinds[kind].isPaid { continue }
            guard isAdmitted(kind, level, &admitted, at: now) else { continue }
            guard let item = first(onShelf: level, kind) else { continue }
            if best.map({ item < $0 }) ?? true { best = item }
        }
        return best
    }

    /// Critical work is never held back before it starts.
    private mutating func isAdmitted(_ kind: Int, _ level: Int, _ admitted: inout [Int?], at now: Instant) -> Bool {
        let place = Int(classOfKind[kind])
        guard place >= 0, desk != nil, level < Int(Priority.critical.rawValue) else { return true }
        if admitted[place] == nil { admitted[place] = admits(place, at: now) }
        return admitted[place] ?? 0 > 0
    }

    /// Which agent gets a task, by its job's way of distribution; all that are asked fit and have room.
    private mutating func agent(for index: UInt32, of lane: Int, _ offers: inout Offers) -> Int? {
        let job = lanes[lane].job
        let kind = lanes[lane].kind
        let spec = jobs[job].spec
        let isPacked = spec.placement == .pack
        switch spec.distribution {
        case .roundRobin: return offers.next(after: jobs[job].lastAgent, kind)
        case .leastLoaded: return offers.best(kind, isPacked ? .packed : .loaded)
        case .priority: return offers.best(kind, isPacked ? .packed : .free)
        case .contextAware, .hybrid:
            if let near = affinity(of: index, job: job), offers.has(near, fits[kind]) { return near }
            if isPacked { return offers.best(kind, .packed) }
            return offers.best(kind, spec.distribution == .hybrid ? .fast : .loaded)
        }
    }

    /// The agent that ran the latest turn of the task's context.
    private func affinity(of index: UInt32, job: Int) -> Int? {
        guard let agent = holder(of: index, in: job) else { return nil }
        return agentPlaces[agent].map { Int($0.rawValue) }
    }

    private mutating func start(
        _ index: UInt32, of lane: Int, on agent: Int, at now: Moment
    ) -> (AttemptOrder, charged: Charge) {
        let job = lanes[lane].job
        let place = Int(index)
        lanes[lane].queue.removeMinimum()
        lanes[lane].waitingSince = now.instant
        let tokens = expectedTokens(job)
        let account = account(job, lanes[lane].priority)
        jobs[job].accounts[account].pass &+= tokens &* Account.unit / UInt64(max(1, jobs[job].spec.weight))
        jobs[job].lastAgent = Int32(agent)
        jobs[job].tasks[place].attempt += 1
        jobs[job].tasks[place].givenUp = false
        move(job, place, to: .running)
        var charge = Charge(tokens: tokens)
        let shared = reserve(job, row: Int(jobs[job].tasks[place].options), &charge)
        if lanes[lane].isListed {
            // Whatever age had raised it is used up.
            lanes[lane].level = Int(lanes[lane].priority.rawValue)
            list(lane)
        }
        let entry = jobs[job].tasks[place]
        let id = TaskID(job: jobs[job].id, index: index)
        let order = AttemptOrder(
            token: token(id, entry.attempt), shared: shared, conversation: conversation(of: index, in: job))
        return (order, charge)
    }

    /// Notes attempts as held by an agent, in one packed row.
    mutating func openAttempts(_ numbers: [AttemptNumber], charged: [Charge], on index: AgentIndex, at now: Moment) {
        let row = nextRow
        nextRow += 1
        let place = Int(index.rawValue)
        for (number, charge) in zip(numbers, charged) { hold(number, row: row, charged: charge, on: place) }
        openInRow[row] = numbers.count
        record(.assigned(row: row, agent: agents[place].id, numbers, at: now.wall))
    }

    mutating func hold(_ number: AttemptNumber, row: UInt64, charged: Charge, on place: Int) {
        open[number.task.packed] = OpenAttempt(
            agent: AgentIndex(rawValue: Int32(place)), attempt: number.attempt, row: row,
            place: Int32(agents[place].open.count), charged: charged.tokens,
            admission: admissionClass(of: number.task), reserved: charged.reserved, cap: charged.cap)
        if let admission = open[number.task.packed]?.admission, admission >= 0 {
            admissions[Int(admission)].running += 1
        }
        agents[place].open.append(number.task.packed)
    }

    /// Takes an attempt off its agent's hands; nil when none is open.
    mutating func close(_ task: TaskID) -> OpenAttempt? {
        guard let attempt = open.removeValue(forKey: task.packed) else { return nil }
        if attempt.admission >= 0 {
            admissions[Int(attempt.admission)].running -= 1
            if attempt.hasCalled { admissions[Int(attempt.admission)].calling -= 1 }
        }
        if let reserved = attempt.reserved { giveBack(reserved, of: task.job) }
        forgetCalls(of: attempt, task)
        let place = Int(attempt.agent.rawValue)
        // The last one takes its place in the agent's list.
        let last = agents[place].open.removeLast()
        if last != task.packed {
            agents[place].open[Int(attempt.place)] = last
            open[last]?.place = attempt.place
        }
        let left = openInRow[attempt.row, default: 1] - 1
        if left == 0 {
            openInRow[attempt.row] = nil
            record(.assignmentRetired(row: attempt.row))
        } else {
            openInRow[attempt.row] = left
        }
        return attempt
    }

    /// Gives a task its end.
    mutating func end(
        _ task: TaskID, _ state: TaskState, attempt: UInt32, agent: AgentID?, result: AttemptResult?,
        failure: TaskFailure?, at now: Moment
    ) {
        guard let job = place(of: task.job) else { return }
        move(job, Int(task.index), to: state)
        if state != .succeeded { dropHead(of: task, in: job) }
        if let result {
            count(result, for: job, at: now)
        }
        record(
            .taskEnded(
                EndedTask(
                    task: task, state: state, attempt: attempt, agent: agent, result: result, failure: failure,
                    at: now.wall)),
            weight: 2)
        if state == .failed { stopIfTooManyFailed(job, at: now) }
        if jobs[job].graph?.followers[task.index] != nil { tellLater(task) }
        finishIfDone(job, at: now)
    }

    /// Ends a task that no attempt ended.
    mutating func endUnrun(_ task: TaskID, _ state: TaskState, _ errorClass: ErrorClass, _ why: String, at now: Moment)
    {
        guard let job = place(of: task.job) else { return }
        end(
            task, state, attempt: jobs[job].tasks[Int(task.index)].attempt, agent: nil, result: nil,
            failure: TaskFailure(errorClass, why), at: now)
    }
}
