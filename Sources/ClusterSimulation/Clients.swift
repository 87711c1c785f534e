import ClusterModel
import CoordinatorCore

/// Sends one submit, batch by batch, each again until it is answered.
struct SubmittingClient {
    let plan: SubmitPlan
    var job: JobID?
    var done = 0
    var isOver = false
    var request: UInt64 = 0
    /// The number of the request that was sent last for the batch that is due.
    var first: UInt64 = 1
}

/// Uses control verbs at random, one after the other, each again until it is answered.
struct ControllingUser {
    var pending: Request?
    var request: UInt64 = 0
    var first: UInt64 = 1
    /// What is to be asked after the faults have healed.
    var tidying: [Request] = []
}

extension Simulation {
    static let askAgain: Micros = .ms(1500)

    mutating func act(_ place: Int) {
        guard !clients[place].isOver else { return }
        let client = clients[place]
        events.plan(.clientActs(place), at: clock.now + Self.askAgain)
        var batch = client.plan.batches[client.done]
        if let after = client.plan.after {
            guard let job = clients[after.plan].job else {
                if clients[after.plan].isOver { clients[place].isOver = true }
                return
            }
            batch.spec.after = [JobLink(job: job, condition: after.condition)]
        }
        // The coordinator's answer may have been lost: the key finds the job as well as its number does.
        if client.done > 0, draw.below(2) == 0 { batch.job = client.job }
        clients[place].request += 1
        transmit(.submit(batch), number: clients[place].request, from: place)
    }

    mutating func clientReceived(_ place: Int, _ request: UInt64, _ reply: Reply) {
        census.count(reply.censusName)
        if place == clients.count { return userReceived(request, reply) }
        note("client \(place) is answered: \(reply.line)")
        if case .submitted(let job, let tasks, _) = reply {
            referee.saw(.submitAcknowledged(job, tasks: tasks), at: clock.now)
        }
        guard !clients[place].isOver, request >= clients[place].first else { return }
        switch reply {
        case .submitted(let job, _, let sealed):
            clients[place].job = job
            clients[place].done += 1
            clients[place].first = clients[place].request + 1
            if clients[place].done == clients[place].plan.batches.count || sealed {
                clients[place].isOver = true
            } else {
                events.plan(.clientActs(place), at: clock.now + 100)
            }
        case .refused(let code, let words):
            switch code {
            case .queueFull, .diskFull: break
            case .cycle where clients[place].plan.isCircular: clients[place].isOver = true
            // A user has cancelled or pruned the job, or the one it waits for.
            case .jobSealed, .unknownJob: clients[place].isOver = true
            default: referee.saw(.refused("\(code.rawValue): \(words)"), at: clock.now)
            }
        case .cancelled, .controlled, .pruned, .quotaChanged: break
        }
    }

    // MARK: the user

    mutating func userActs() {
        if user.pending == nil {
            user.pending = isHealed ? nextTidying() : whim()
            user.first = user.request + 1
        }
        guard let request = user.pending else {
            events.plan(.userActs, at: clock.now + (isHealed ? .s(1) : scenario.controlEvery))
            return
        }
        user.request += 1
        note("the user asks: \(request.line)")
        transmit(request, number: user.request, from: clients.count)
        events.plan(.userActs, at: clock.now + Self.askAgain)
    }

    private mutating func userReceived(_ request: UInt64, _ reply: Reply) {
        note("the user is answered: \(reply.line)")
        guard request >= user.first, let asked = user.pending else { return }
        if case .control(let control) = asked, case .controlled(let changed) = reply {
            referee.saw(.controlAcknowledged(control, changed: changed), at: clock.now)
        }
        user.pending = nil
    }

    private mutating func whim() -> Request? {
        let known = clients.compactMap(\.job)
        guard let job = draw.pick(known) else { return nil }
        let count = referee.ledger.job(job)?.tasks.count ?? 0
        let some =
            count == 0 || draw.below(2) == 0 ? [] : (0..<1 + draw.below(4)).map { _ in UInt32(draw.below(count)) }
        let selection = TaskSelection(job: job, indexes: some)
        let agent = draw.pick(agents)?.plan.name ?? ""
        let (name, request): (String, Request) =
            switch draw.below(24) {
            case 0, 1: ("pause", .control(.pause(job)))
            case 2, 3, 4: ("resume", .control(.resume(job)))
            case 5: ("pause_all", .control(.pause(nil)))
            case 6, 7: ("resume_all", .control(.resume(nil)))
            case 8, 9: ("hold", .control(.hold(selection)))
            case 10, 11, 12: ("release", .control(.release(selection)))
            case 13, 14, 15: ("retry", .control(.retry(selection)))
            case 16, 17: ("prioritize", .control(.prioritize(selection, Priority(rawValue: draw.below(10)) ?? .normal)))
            case 18: ("drain", .control(.drain(agent: agent)))
            case 19, 20: ("undrain", .control(.undrain(agent: agent)))
            case 21: some.isEmpty ? ("cancel", .cancel(job, [])) : ("cancel_some", .cancel(job, some))
            case 22: ("cancel_some", .cancel(job, some.isEmpty ? [0] : some))
            default: ("prune", draw.below(2) == 0 ? .prune([job], olderThan: nil) : .prune([], olderThan: .seconds(10)))
            }
        census.count("control." + name)
        return request
    }

    /// Takes back every pause, hold and drain, again and again: a lost agent or a failed turn may hold tasks later.
    private mutating func nextTidying() -> Request? {
        if user.tidying.isEmpty {
            user.tidying = [.control(.resume(nil))]
            for agent in agents where !agent.plan.isRival {
                user.tidying.append(.control(.undrain(agent: agent.plan.name)))
            }
            for job in referee.ledger.jobs where job.finish == nil {
                if job.switches.isPaused { user.tidying.append(.control(.resume(job.id))) }
                if job.tasks.contains(where: { $0.held != nil }) {
                    user.tidying.append(.control(.release(TaskSelection(job: job.id))))
                }
            }
            user.tidying.reverse()
        }
        return user.tidying.popLast()
    }
}
