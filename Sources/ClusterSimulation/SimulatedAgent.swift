import ClusterModel
import CoordinatorCore

/// An agent by the protocol's rules: work only in the session of the latest welcome, results on its disk before they are sent, sent again
/// until they are acknowledged.
struct SimulatedAgent {
    struct Stored {
        var result: AttemptResult
        var sentAt: Micros?
    }

    /// What every attempt costs, in millionths of a dollar.
    static let cost: UInt64 = 7

    let plan: AgentPlan
    var isUp = false
    var isLeaving = false
    var incarnation: UInt64 = 0
    var connection = 0
    var isReconnecting = false
    var introduction: UInt64 = 0
    /// Nil while a hello has no answer.
    var session: UInt64?
    /// In the order in which they came; dropped when told to.
    var running: [AttemptToken] = []
    /// On its disk: it outlives a crash.
    var outbox: [Stored] = []
    var capacity: UInt32
    var lastHeard: Micros = 0
    var lastHello: Micros = 0
    /// After a refusal: not to say hello before.
    var helloAgainAt: Micros?
    /// Attempts that make calls.
    var work: [CallWork] = []
    var broker = SimulatedBroker()

    init(plan: AgentPlan) {
        self.plan = plan
        capacity = plan.capacity
    }

    static let silence: Micros = .s(3)
    static let repeatAfter: Micros = .s(5)
}

extension Simulation {
    mutating func startAgent(_ place: Int) {
        guard !agents[place].isUp, !(agents[place].plan.isRival && isHealed) else { return }
        agents[place].isUp = true
        agents[place].isLeaving = false
        agents[place].incarnation += 1
        agents[place].introduction = 0
        agents[place].running = []
        agents[place].helloAgainAt = nil
        agents[place].isReconnecting = false
        connectAnew(place)
        for entry in agents[place].outbox.indices { agents[place].outbox[entry].sentAt = nil }
        note("agent \(place) starts, incarnation \(agents[place].incarnation)")
        sayHello(place)
        events.plan(
            .agentTicks(place, incarnation: agents[place].incarnation), at: clock.now + draw.between(.ms(100), .s(1)))
    }

    mutating func crashAgent(_ place: Int, for length: Micros) {
        guard agents[place].isUp else { return }
        note("agent \(place) dies with \(agents[place].running.count) attempts")
        callsDie(place)
        agents[place].isUp = false
        agents[place].running = []
        agents[place].session = nil
        connectAnew(place)
        events.plan(.agentStarts(place), at: clock.now + length)
    }

    mutating func reconnect(_ place: Int, _ connection: Int) {
        guard agents[place].isUp, agents[place].connection == connection, agents[place].isReconnecting else { return }
        agents[place].isReconnecting = false
        connectAnew(place)
        sayHello(place)
    }

    /// What is still on its way by the old connection may come later than what the new one brings.
    private mutating func connectAnew(_ place: Int) {
        agents[place].connection += 1
        wires[place].latestIn = 0
        wires[place].latestOut = 0
    }

    mutating func sayHello(_ place: Int) {
        agents[place].introduction += 1
        agents[place].session = nil
        agents[place].lastHello = clock.now
        agents[place].helloAgainAt = nil
        let agent = agents[place]
        let route = RouteHandle(rawValue: UInt64(place) << 32 | UInt64(agent.connection))
        transmit(
            .hello(
                AgentIntroduction(
                    route: route, id: agent.plan.id, incarnation: agent.incarnation, name: agent.plan.name,
                    host: "h\(place)", version: "1", capacity: agent.capacity, labels: agent.plan.labels,
                    runners: agent.plan.runners, running: agent.running, finished: agent.outbox.map(\.result.token),
                    introduction: agent.introduction)), from: place)
    }

    mutating func tick(_ place: Int, _ incarnation: UInt64) {
        guard agents[place].isUp, agents[place].incarnation == incarnation else { return }
        events.plan(.agentTicks(place, incarnation: incarnation), at: clock.now + .s(1))
        if let again = agents[place].helloAgainAt {
            if again <= clock.now { sayHello(place) }
            return
        }
        if agents[place].isReconnecting { return }
        if max(agents[place].lastHeard, agents[place].lastHello) + SimulatedAgent.silence <= clock.now {
            sayHello(place)
        }
        sendHeartbeat(place)
        sendResults(place)
    }

    mutating func sendHeartbeat(_ place: Int) {
        guard let session = agents[place].session else { return }
        transmit(
            .heartbeat(session: session, capacity: agents[place].isLeaving ? 0 : agents[place].capacity), from: place)
    }

    mutating func sendResults(_ place: Int) {
        guard agents[place].session != nil else { return }
        var due: [AttemptResult] = []
        for entry in agents[place].outbox.indices {
            if let sent = agents[place].outbox[entry].sentAt, sent + SimulatedAgent.repeatAfter > clock.now { continue }
            agents[place].outbox[entry].sentAt = clock.now
            due.append(agents[place].outbox[entry].result)
        }
        if !due.isEmpty { transmit(.results(due), from: place) }
    }

    mutating func agentReceived(_ place: Int, _ connection: Int, _ mail: AgentMail) {
        guard agents[place].isUp, agents[place].connection == connection else { return }
        agents[place].lastHeard = clock.now
        switch mail {
        case .welcome(let welcome): welcomed(place, welcome)
        case .refusal:
            note("agent \(place) is refused")
            agents[place].helloAgainAt = clock.now + .s(4)
        case .introduceYourself: sayHello(place)
        case .heartbeatAck: break
        case .assign(let session, let orders):
            for order in orders { take(order, session, place) }
        case .acknowledge(let tokens):
            referee.saw(.acknowledged(tokens), at: clock.now)
            agents[place].outbox.removeAll { tokens.contains($0.result.token) }
            agents[place].running.removeAll { tokens.contains($0) }
            for token in tokens { dropCalls(place, token) }
            finishLeaving(place)
        case .cancel(let tokens):
            for token in tokens where agents[place].running.contains(token) {
                events.plan(
                    .attemptEnds(place, incarnation: agents[place].incarnation, token, cancelled: true),
                    at: clock.now + draw.between(.ms(1), .ms(400)))
            }
        case .permitAnswers(let answers): permitsAnswered(place, answers)
        case .permitReportsAck(let number): agents[place].broker.unacknowledged.removeAll { $0.number == number }
        }
    }

    private mutating func welcomed(_ place: Int, _ welcome: Welcome) {
        guard welcome.introduction == agents[place].introduction else { return }
        note("agent \(place) is welcomed, session \(welcome.session), drops \(welcome.abandon.count)")
        agents[place].session = welcome.session
        agents[place].helloAgainAt = nil
        for token in welcome.abandon {
            referee.saw(.dropped(token), at: clock.now)
            agents[place].running.removeAll { $0 == token }
            dropCalls(place, token)
            agents[place].outbox.removeAll { $0.result.token == token }
        }
        for entry in agents[place].outbox.indices { agents[place].outbox[entry].sentAt = nil }
        sendHeartbeat(place)
        if scenario.calls != nil { callsToldAgain(place) }
        sendResults(place)
        finishLeaving(place)
    }

    private mutating func take(_ order: AttemptOrder, _ session: UInt64, _ place: Int) {
        let token = order.token
        guard agents[place].session == session, !agents[place].running.contains(token),
            !agents[place].outbox.contains(where: { $0.result.token == token })
        else { return }
        agents[place].running.append(token)
        if let plan = plan(of: token.task), !plan.calls.isEmpty, !agents[place].isLeaving {
            return beginCalls(place, token, plan)
        }
        let length = agents[place].isLeaving ? 0 : plan(of: token.task)?.duration ?? .ms(10)
        events.plan(
            .attemptEnds(place, incarnation: agents[place].incarnation, token, cancelled: false), at: clock.now + length
        )
    }

    private func plan(of id: TaskID) -> TaskPlan? {
        guard let job = referee.ledger.job(id.job), job.key.high == scenario.seed else { return nil }
        let tasks = scenario.submits[Int(job.key.low)].tasks
        return Int(id.index) < tasks.count ? tasks[Int(id.index)] : nil
    }

    mutating func attemptEnded(_ place: Int, _ incarnation: UInt64, _ token: AttemptToken, cancelled: Bool) {
        guard agents[place].isUp, agents[place].incarnation == incarnation, agents[place].running.contains(token)
        else { return }
        dropCalls(place, token)
        var result = AttemptResult(
            token: token, state: .succeeded, answer: .text("a"),
            usage: Usage(outputTokens: plan(of: token.task)?.tokens ?? 1), costMicroUSD: SimulatedAgent.cost,
            sessionID: "s",
            instance: "\(place)/1.\(token.attempt)", startedAt: clock.moment.wall, finishedAt: clock.moment.wall)
        let chance = Draw.fixed(scenario.seed, token.task.packed, UInt64(token.attempt))
        if cancelled {
            result.state = .cancelled
            result.failure = TaskFailure(.cancelled, "cancelled")
        } else if agents[place].isLeaving {
            result.state = .failed
            result.failure = TaskFailure(.agentLeft, "leaving")
            result.notBurnt = true
        } else if Int(chance % 1000) < scenario.failurePermille {
            result.state = .failed
            let classes = scenario.failures
            // Half of the tasks fail in one way, whenever they fail.
            let way = chance & (1 << 40) == 0 ? chance >> 32 : Draw.fixed(scenario.seed, token.task.packed) >> 8
            result.failure = TaskFailure(classes[Int(way % UInt64(classes.count))], "planned")
        }
        events.plan(.outboxHas(place, incarnation: incarnation, result), at: clock.now + draw.between(.ms(1), .ms(120)))
    }

    mutating func outboxHas(_ place: Int, _ incarnation: UInt64, _ result: AttemptResult) {
        guard agents[place].isUp, agents[place].incarnation == incarnation else {
            return census.count("fault.outbox_write_lost")
        }
        guard let at = agents[place].running.firstIndex(of: result.token) else { return }
        agents[place].running.remove(at: at)
        agents[place].outbox.append(SimulatedAgent.Stored(result: result))
        referee.saw(.finished(result.token), at: clock.now)
        note("agent \(place) has the result of \(result.token), \(result.state.name)")
        sendResults(place)
    }

    mutating func leave(_ place: Int) {
        guard agents[place].isUp, !agents[place].isLeaving else { return }
        note("agent \(place) wants to leave")
        agents[place].isLeaving = true
        for token in agents[place].running {
            events.plan(
                .attemptEnds(place, incarnation: agents[place].incarnation, token, cancelled: false),
                at: clock.now + draw.between(.ms(1), .ms(100)))
        }
        sendHeartbeat(place)
        finishLeaving(place)
    }

    private mutating func finishLeaving(_ place: Int) {
        guard agents[place].isLeaving, agents[place].running.isEmpty, agents[place].outbox.isEmpty,
            let session = agents[place].session
        else { return }
        transmit(.goodbye(session: session), from: place)
        crashAgent(place, for: draw.between(.s(1), .s(12)))
    }
}
