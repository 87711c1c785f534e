import ClusterModel

@testable import CoordinatorCore

extension RandomFleet {
    /// One thing that may happen.
    mutating func step() {
        switch random.below(100) {
        case 0..<8: newSubmit()
        case 8..<18: if let place = random.pick(Array(submits.indices)) { send(submit: place, disturbed: true) }
        case 18..<25: introduce(random.below(agents.count), restarted: random.oneIn(4))
        case 25..<37: heartbeat(random.below(agents.count))
        case 37..<57: finishSomething(random.below(agents.count))
        case 57..<62: resend(random.below(agents.count))
        case 62..<65: sendStray()
        case 65..<67: cancelSomething()
        case 67..<68: leave(random.below(agents.count))
        case 68..<77: letTimePass()
        case 77..<85: core.assignWork(at: now)
        case 85..<90: takeTurn()
        case 90..<97: carryOut(writeTurn(), lossy: true)
        case 97..<98: core.diskMeasured(isLow: random.oneIn(4))
        default: if random.oneIn(3) { crash() }
        }
        settle()
    }

    /// The faults end: everyone is there, time goes on, every answer arrives. Everything that was acknowledged has to end.
    mutating func drain() {
        core.diskMeasured(isLow: false)
        carryOut(writeTurn(), lossy: false)
        for round in 0..<400 where !failed {
            for place in submits.indices { send(submit: place, disturbed: false) }
            for place in agents.indices where place != 5 {
                if agents[place].index == nil { introduce(place, restarted: false) } else { heartbeat(place) }
            }
            for place in agents.indices where place != 5 {
                while let token = agents[place].running.first { report(token, on: place, .succeeded, nil) }
                for result in agents[place].outbox { deliver(result, from: place) }
            }
            core.timePassed(to: now)
            core.assignWork(at: now)
            settle()
            takeTurn()
            carryOut(writeTurn(), lossy: false)
            pass(1000)
            let quiet = core.unfinishedTaskCount == 0 && submits.allSatisfy { $0.done == $0.batches.count }
            if quiet, round > 2, !core.hasPendingTurn { return }
        }
        if !failed {
            let waiting = submits.filter { $0.done < $0.batches.count }.count
            wrong.append("\(core.unfinishedTaskCount) tasks and \(waiting) submits have no end after all faults ended")
        }
    }

    /// What must be true of the disk when all is drained.
    mutating func audit() {
        for (job, count) in acknowledgedTasks {
            for index in 0..<count where disk.task(TaskID(job: job, index: index))?.end == nil {
                wrong.append("task \(job).\(index) was acknowledged and has no end")
            }
        }
        wrong += disk.violations
        if !disk.open.isEmpty || !disk.rows.isEmpty {
            wrong.append("\(disk.open.count) attempts in \(disk.rows.count) rows are left open")
        }
        for result in history where !disk.reported.contains(result.token) && result.token.store == Self.store {
            if !agents.contains(where: { $0.outbox.contains(result) }) {
                wrong.append("the result of \(result.token) is lost")
            }
        }
    }

    // MARK: clients

    private mutating func newSubmit() {
        guard submits.count < 40 else { return }
        let key = SubmissionKey(high: random.next(), low: random.next())
        var batches: [SubmitBatch] = []
        var first: UInt32 = 0
        let count = 1 + random.below(3)
        for number in 0..<count {
            let options = number == 0 ? (0..<2).map { _ in randomOptions() } : []
            let tasks = (0..<random.below(5)).map {
                TaskSpec(
                    prompt: .text("prompt \($0) of \(key.low) ☃"), name: "n\($0)", options: UInt32(random.below(2)))
            }
            batches.append(
                SubmitBatch(
                    key: key, spec: JobSpec(name: "job \(submits.count)"), firstOptions: number == 0 ? 0 : 2,
                    options: options, firstIndex: first,
                    tasks: tasks, seal: number == count - 1 && !random.oneIn(10)))
            first += UInt32(tasks.count)
        }
        submits.append(Submit(batches: batches))
    }

    private mutating func randomOptions() -> TaskOptions {
        TaskOptions(
            priority: Priority(rawValue: random.below(10)) ?? .normal, model: random.oneIn(2) ? "haiku" : "",
            timeout: Milliseconds(Int64(random.below(3)) * 1000),
            maxAttempts: UInt32(random.below(4)))
    }

    private mutating func send(submit place: Int, disturbed: Bool) {
        let submit = submits[place]
        var number = submit.done
        if disturbed, random.oneIn(4) { number = random.below(submit.batches.count) }  // Again, or too early.
        guard number < submit.batches.count else { return }
        let handle = handle(nextHandle)
        nextHandle += 1
        let before = view
        core.submitArrived(submit.batches[number], reply: handle, at: now)
        if number == submit.done { submits[place].waitsFor = handle }
        settle()
        if number < submit.done {
            // Its tasks may not be there twice.
            if view.order.count != before.order.count { wrong.append("a repeated submit opened a job") }
            if view.jobs.values.reduce(0, { $0 + $1.tasks.count })
                != before.jobs.values.reduce(0, { $0 + $1.tasks.count })
            {
                wrong.append("a repeated batch added tasks")
            }
        }
    }

    private mutating func cancelSomething() {
        guard let id = random.pick(view.order) else { return }
        let count = view.jobs[id]?.tasks.count ?? 0
        // A whole job now and then; mostly some tasks, named twice or beyond the end as well.
        let indexes =
            random.oneIn(4) || count == 0 ? [] : (0..<1 + random.below(3)).map { _ in UInt32(random.below(count + 1)) }
        let whole = indexes.isEmpty && view.jobs[id]?.sealed == false
        core.cancelArrived(id, indexes: indexes, reply: handle(nextHandle), at: now)
        nextHandle += 1
        guard whole, let key = view.jobs[id]?.key else { return }
        // Its client is told that the job is whole, and stops.
        if let place = submits.firstIndex(where: { $0.batches[0].key == key }) { submits.remove(at: place) }
    }

    // MARK: agents

    mutating func introduce(_ place: Int, restarted: Bool) {
        if restarted {
            agents[place].incarnation += 1
            agents[place].running = []
            agents[place].told = []
            agents[place].capacity = UInt32(1 + random.below(4))
        }
        let agent = agents[place]
        let hello = AgentIntroduction(
            route: RouteHandle(rawValue: UInt64(place)), id: agent.id, incarnation: agent.incarnation, name: agent.name,
            capacity: agent.capacity,
            running: agent.running, finished: agent.outbox.map(\.token))
        switch core.agentIntroduced(hello, at: now) {
        case .welcomed(let index, let session):
            for other in agents.indices where agents[other].index == index { agents[other].index = nil }
            agents[place].index = index
            agents[place].session = session
        case .refused, .outdated: agents[place].index = nil
        }
        settle()
    }

    mutating func heartbeat(_ place: Int) {
        guard let index = agents[place].index else { return }
        let known = core.heartbeatArrived(
            from: index, session: agents[place].session, AgentReport(capacity: agents[place].capacity), at: now.instant)
        if !known { agents[place].index = nil }
        settle()
    }

    private mutating func finishSomething(_ place: Int) {
        guard let token = random.pick(agents[place].running) else { return }
        if agents[place].told.contains(token), !random.oneIn(3) {
            return report(token, on: place, .cancelled, TaskFailure(.cancelled, "told to"))
        }
        switch random.below(10) {
        case 0..<6: report(token, on: place, .succeeded, nil)
        case 6: report(token, on: place, .cancelled, nil)
        case 7: report(token, on: place, .failed, TaskFailure(className: "of a newer version", message: "?"))
        default:
            report(
                token, on: place, .failed,
                random.pick(ErrorClass.allCases).map {
                    TaskFailure($0, "it went wrong", detail: random.oneIn(3) ? "…" : "")
                })
        }
    }

    mutating func report(_ token: AttemptToken, on place: Int, _ state: TaskState, _ failure: TaskFailure?) {
        agents[place].running.removeAll { $0 == token }
        agents[place].told.remove(token)
        let result = AttemptResult(
            token: token, state: state, answer: state == .succeeded ? .text("answer to \(token) ☃") : nil,
            failure: failure,
            usage: Usage(inputTokens: UInt64(random.below(100)), outputTokens: 7),
            costMicroUSD: UInt64(random.below(1000)), sessionID: "s", instance: "i",
            startedAt: now.wall, finishedAt: now.wall, notBurnt: random.oneIn(8))
        agents[place].outbox.append(result)
        history.append(result)
        if agents[place].index != nil, !random.oneIn(4) { deliver(result, from: place) }
    }

    private mutating func resend(_ place: Int) {
        guard let result = random.pick(agents[place].outbox) else { return }
        deliver(result, from: place)
    }

    /// Something old, from anybody; or something that never was.
    private mutating func sendStray() {
        guard let place = random.pick(agents.indices.filter { agents[$0].index != nil }) else { return }
        guard var result = random.pick(history) else { return }
        switch random.below(5) {
        case 0: result.token.store = StoreID(rawValue: 1)
        case 1: result.token.task.job = JobID(rawValue: 900)
        case 2: result.token.task.index += 1000
        default: break
        }
        deliver(result, from: place)
    }

    /// Sends a result and judges by the records alone what had to become of it.
    mutating func deliver(_ result: AttemptResult, from place: Int) {
        guard let index = agents[place].index else { return }
        let token = result.token
        let task = view.task(token.task)
        let isOpen = view.open[token.task]?.attempt == token.attempt
        let isWanted =
            token.store == Self.store && task != nil
            && (isOpen || (task?.isGivenUp == true && task?.sent == token.attempt))
        let before = view.setAside.count
        core.resultArrived(result, from: index, at: now)
        settle()
        if (view.setAside.count == before) != isWanted {
            wrong.append("the result of \(token) was \(isWanted ? "set aside" : "taken")")
        }
        guard isWanted else { return }
        let end = view.task(token.task)?.end
        if result.state == .succeeded, end?.state != .succeeded {
            wrong.append("task \(token.task) succeeded and is \(String(describing: end?.state))")
        }
        if task?.cancelRequested == true, end == nil {
            wrong.append("task \(token.task) goes on though it was cancelled")
        }
    }

    private mutating func leave(_ place: Int) {
        guard let index = agents[place].index else { return }
        core.agentLeft(index, session: agents[place].session, at: now)
        agents[place].index = nil
        agents[place].running = []
    }

    private mutating func letTimePass() {
        switch random.below(40) {
        case 0: pass(Int64(random.below(60_000)))  // Everyone was silent.
        case 1:
            let length = Int64(random.below(20_000))
            pass(length)
            core.loopStalled(for: Milliseconds(length))
        case 2: now.wall.milliseconds += Int64(random.below(7_200_000)) - 3_600_000  // Only the calendar moved.
        case 3: pass(3_700_000)  // Long enough to forget agents.
        default: pass(Int64(random.below(800)))
        }
        core.timePassed(to: now)
    }
}
