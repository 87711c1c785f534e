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
        case 65..<67: if random.oneIn(3) { controlSomething() } else { cancelSomething() }
        case 67..<68: leave(random.below(agents.count))
        case 68..<77: letTimePass()
        case 77..<85:
            core.sweep(at: now)
            settle()
            core.assignWork(at: now)
        case 85..<90: takeTurn()
        case 90..<97:
            carryOut(writeTurn(), lossy: true)
            reload()
        case 97..<98: core.diskMeasured(isLow: random.oneIn(4))
        default: if random.oneIn(3) { crash() }
        }
        settle()
    }

    /// The faults end: everyone is there, time goes on, every answer arrives. Everything that was acknowledged has to end.
    mutating func drain() {
        core.diskMeasured(isLow: false)
        core.controlArrived(.resume(nil), reply: handle(nextHandle), at: now)
        nextHandle += 1
        for place in agents.indices { control(.undrain(agent: agents[place].name)) }
        for id in view.order {
            control(.resume(id))
            control(.budget(id, microUSD: 0, tokens: 0))
        }
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
            if round % 5 == 0 {
                for place in agents.indices { control(.undrain(agent: agents[place].name)) }
                for id in view.order {
                    control(.resume(id))
                    control(.budget(id, microUSD: 0, tokens: 0))
                    control(.release(TaskSelection(job: id)))
                    // Nobody will send the rest of it.
                    let isLeft = view.jobs[id].map { job in
                        !job.sealed && !submits.contains { $0.batches[0].key == job.key && $0.done < $0.batches.count }
                    }
                    if isLeft == true { abandoned.append(id) }
                }
            }
            core.sweep(at: now)
            core.assignWork(at: now)
            settle()
            takeTurn()
            carryOut(writeTurn(), lossy: false)
            reload()
            pass(1000)
            if core.dayNote != nil { now.wall.milliseconds += Spending.dayMilliseconds }
            let quiet = core.unfinishedTaskCount == 0 && submits.allSatisfy { $0.done == $0.batches.count }
            if quiet, round > 2, !core.hasPendingTurn { return }
        }
        if !failed {
            let waiting = submits.filter { $0.done < $0.batches.count }.count
            wrong.append("\(core.unfinishedTaskCount) tasks and \(waiting) submits have no end after all faults ended")
            for (id, job) in view.jobs.sorted(by: { $0.key < $1.key }) where job.summary == nil {
                for index in job.tasks.indices where job.tasks[index].end == nil {
                    let why = core.why(TaskID(job: id, index: UInt32(index)), at: now)
                    wrong.append("\(id).\(index) \(why?.state.name ?? "?"): \(why?.reasons.map(\.text) ?? [])")
                }
            }
        }
    }

    /// What must be true of the disk when all is drained.
    mutating func audit() {
        for (job, count) in acknowledgedTasks where disk.jobs[job] != nil {
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
        let spec = randomSpec()
        var batches: [SubmitBatch] = []
        var first: UInt32 = 0
        let count = 1 + random.below(3)
        for number in 0..<count {
            let options = number == 0 ? (0..<2).map { _ in randomOptions() } : []
            let tasks = (0..<random.below(5)).map {
                TaskSpec(
                    prompt: .text("prompt \($0) of \(key.low) ☃"), name: "n\($0)", options: UInt32(random.below(2)),
                    after: random.oneIn(4) ? randomLinks(at: first + UInt32($0)) : [],
                    context: random.oneIn(5) ? "c\(random.below(2))" : "", fork: random.oneIn(20) ? "c0" : "")
            }
            batches.append(
                SubmitBatch(
                    key: key, spec: spec, firstOptions: number == 0 ? 0 : 2,
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
            maxAttempts: UInt32(random.below(4)), needs: random.oneIn(6) ? [LabelRule(key: "odd")] : [],
            avoids: random.oneIn(10) ? [LabelRule(key: "odd", value: "1")] : [],
            expiresAfter: random.oneIn(10) ? .seconds(20) : 0, onLost: random.oneIn(6) ? .hold : .rerun,
            onError: random.oneIn(2) ? .hold : .skip)
    }

    private mutating func randomSpec() -> JobSpec {
        JobSpec(
            name: "job \(submits.count)", distribution: Distribution.allCases[random.below(5)],
            placement: random.oneIn(3) ? .pack : .spread, weight: UInt32(1 + random.below(20)),
            maxParallel: random.oneIn(4) ? 1 : 0,
            deadline: random.oneIn(12) ? WallTime(milliseconds: now.wall.milliseconds + 30_000) : nil,
            isPaused: random.oneIn(10), continuesOnFailure: random.oneIn(5),
            failuresAtMost: random.oneIn(6) ? UInt32(random.below(2)) : nil,
            after: random.oneIn(6)
                ? view.order.suffix(2).map { JobLink(job: $0, condition: random.oneIn(2) ? .end : .success) } : [],
            budgetMicroUSD: random.oneIn(4) ? UInt64(1 + random.below(4000)) : 0,
            budgetTokens: random.oneIn(8) ? UInt64(1 + random.below(400)) : 0, onBudget: random.oneIn(4) ? .stop : .hold
        )
    }

    /// Earlier ones, and now and then a later one: some of those make circles or name nothing, and are refused.
    private mutating func randomLinks(at index: UInt32) -> [TaskLink] {
        (0..<1 + random.below(2)).compactMap { _ in
            let other = random.oneIn(12) ? index + UInt32(random.below(3)) : UInt32(random.below(Int(index) + 1))
            return other == index ? nil : TaskLink(index: other, condition: random.oneIn(3) ? .end : .success)
        }
    }

    mutating func control(_ control: Control) {
        core.controlArrived(control, reply: handle(nextHandle), at: now)
        nextHandle += 1
        settle()
    }

    private mutating func controlSomething() {
        controls += 1
        let id = random.pick(view.order) ?? JobID(rawValue: 1)
        let count = view.jobs[id]?.tasks.count ?? 0
        let indexes =
            random.oneIn(2) || count == 0 ? [] : (0..<1 + random.below(3)).map { _ in UInt32(random.below(count + 1)) }
        let selection = TaskSelection(job: id, indexes: indexes)
        switch random.below(12) {
        case 10, 11:
            control(
                .budget(
                    id, microUSD: random.oneIn(2) ? UInt64(random.below(6000)) : nil, tokens: random.oneIn(4) ? 0 : nil)
            )
        case 0: control(.pause(random.oneIn(2) ? nil : id))
        case 1: control(.resume(random.oneIn(2) ? nil : id))
        case 2: control(.hold(selection))
        case 3: control(.release(selection))
        case 4, 5: control(.retry(selection))
        case 6: control(.prioritize(selection, Priority(rawValue: random.below(10)) ?? .normal))
        case 7: control(.drain(agent: "host\(random.below(6))"))
        case 8: control(.undrain(agent: "host\(random.below(6))"))
        default:
            prunes += 1
            core.pruneArrived(
                jobs: [], olderThan: Milliseconds(Int64(random.below(60_000))), dryRun: random.oneIn(2),
                reply: handle(nextHandle), at: now)
            nextHandle += 1
            settle()
        }
        if let task = random.pick(Array(0..<count)) { _ = core.why(TaskID(job: id, index: UInt32(task)), at: now) }
    }

    /// What the core asked the store for.
    mutating func reload() {
        for id in reloads {
            core.jobReloaded(id, disk.recoveredJob(id, whole: true), at: now)
            settle()
        }
        reloads = []
        for id in abandoned {
            core.cancelArrived(id, indexes: [], reply: handle(nextHandle), at: now)
            nextHandle += 1
            settle()
        }
        abandoned = []
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
            // Its tasks may not be there twice, unless the job was pruned and is forgotten.
            guard !before.prunedKeys.contains(submit.batches[0].key) else { return }
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
            capacity: agent.capacity, labels: place % 2 == 1 ? ["odd": "\(place)"] : [:],
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
            startedAt: now.wall, finishedAt: now.wall, notBurnt: random.oneIn(8),
            head: random.oneIn(3)
                ? nil
                : ConversationHead(
                    transcript: BlobRef(sha256: Array(repeating: UInt8(random.below(250)), count: 32), size: 9),
                    sessionID: "s\(random.below(9))", turn: 1, instance: "i"))
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
            token.store == Self.store && task != nil && !task!.isPruned
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
