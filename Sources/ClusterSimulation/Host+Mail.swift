import ClusterModel
import CoordinatorCore

/// What the coordinator's shell does with messages and effects.
extension Simulation {
    mutating func arrived(_ envelope: Envelope) {
        guard host.isUp else {
            if case .agent(let agent, let connection) = envelope.sender, connection == agents[agent].connection {
                breakConnection(agent, after: draw.between(.ms(100), .s(1)))
            }
            return
        }
        switch envelope.sender {
        case .agent: host.agentMail.append(envelope)
        case .client: host.clientMail.append(envelope)
        }
        wakeLoop(at: clock.now + draw.between(20, 300))
    }

    mutating func agentSays(_ agent: Int, _ connection: Int, _ letter: Envelope.Letter) {
        if case .hello(let hello) = letter { return greet(agent, connection, hello) }
        guard let index = host.contacts[agent].index, host.contacts[agent].connection == connection else {
            return transmit(.introduceYourself, to: agent, connection)
        }
        let moment = clock.moment
        switch letter {
        case .heartbeat(let session, let capacity):
            let told = sabotagedCapacity(capacity)
            let isCurrent = host.core.heartbeatArrived(
                from: index, session: session, AgentReport(capacity: told), at: moment.instant)
            let expected = host.contacts[agent].isHere && host.contacts[agent].session == session
            if expected {
                host.contacts[agent].lastHeard = clock.now
                host.contacts[agent].capacity = capacity
            }
            if isCurrent != expected { note("  agent \(agent)'s heartbeat: core \(isCurrent), expected \(expected)") }
            transmit(isCurrent ? .heartbeatAck : .introduceYourself, to: agent, connection)
        case .results(let results):
            host.core.agentWasHeard(index, at: moment.instant)
            host.contacts[agent].lastHeard = max(host.contacts[agent].lastHeard, clock.now)
            for result in results {
                referee.saw(.delivered(result.token), at: clock.now)
                if referee.ledger.task(result.token.task)?.isGivenUp == true { census.count("seen.late_result_taken") }
                let told = sabotaged(result)
                input("result \(result.token) \(result.state.name) from agent \(agent)") {
                    $0.resultArrived(told, from: index, at: moment)
                }
            }
        case .goodbye(let session):
            input("agent \(agent) leaves") { $0.agentLeft(index, session: session, at: moment) }
            if host.contacts[agent].session == session {
                host.contacts[agent].isHere = false
                referee.saw(.call(.holderGone(agent)), at: clock.now)
            }
            host.contacts[agent].connection = nil
        case .permitRequests(let session, let asks): permitsAsked(agent, index, session, asks)
        case .permitReports(let session, let number, let reports):
            permitsReported(agent, index, session, number, reports)
        case .hello, .request: break
        }
    }

    private mutating func greet(_ agent: Int, _ connection: Int, _ hello: AgentIntroduction) {
        let moment = clock.moment
        var told = hello
        told.capacity = sabotagedCapacity(hello.capacity)
        let outcome = input(
            "hello \(hello.introduction) of agent \(agent), running \(hello.running.count), finished \(hello.finished.count)"
        ) {
            $0.agentIntroduced(told, at: moment)
        }
        guard case .welcomed(let index, let session) = outcome else { return }
        let known = host.contacts[agent].incarnation
        if known != 0, known != hello.incarnation {
            referee.saw(.call(.holderGone(agent)), at: clock.now)
        }
        referee.saw(.call(.sessionBegan(agent)), at: clock.now)
        host.contacts[agent] = Host.Contact(
            index: index, connection: connection, session: session, capacity: hello.capacity, lastHeard: clock.now,
            isHere: true, incarnation: hello.incarnation)
        host.placeOfIndex[index.rawValue] = agent
    }

    mutating func clientSays(_ client: Int, _ letter: Envelope.Letter) {
        guard case .request(let number, let request) = letter else { return }
        let handle = ReplyHandle(rawValue: host.nextHandle)
        host.nextHandle += 1
        host.waiting[handle.rawValue] = (client, number)
        let moment = clock.moment
        switch request {
        case .submit(let batch):
            input("submit from client \(client), tasks from \(batch.firstIndex)") {
                $0.submitArrived(batch, reply: handle, at: moment)
            }
        case .cancel(let job, let indexes):
            input("cancel \(job) \(indexes)") { $0.cancelArrived(job, indexes: indexes, reply: handle, at: moment) }
        case .control(let control):
            referee.saw(.controlDelivered(control), at: clock.now)
            if case .prioritize(let tasks, _) = control { host.prioritized.insert(tasks.job) }
            input("\(control.line)") { $0.controlArrived(control, reply: handle, at: moment) }
        case .prune(let jobs, let age):
            input("prune \(jobs)") {
                $0.pruneArrived(jobs: jobs, olderThan: age, dryRun: false, reply: handle, at: moment)
            }
        }
    }

    // MARK: effects

    mutating func release(_ effects: [Effect]) {
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .reply(let handle, let reply):
            guard let waiting = host.waiting.removeValue(forKey: handle.rawValue) else { return }
            transmit(reply, to: waiting.client, request: waiting.request)
        case .welcome(let index, let welcome):
            guard let place = host.placeOfIndex[index.rawValue] else { return }
            referee.saw(
                .welcomed(agents[place].plan.id, session: welcome.session, abandon: welcome.abandon), at: clock.now)
            send(.welcome(welcome), to: index)
        case .refuse(let route, let refusal):
            let place = Int(route.rawValue >> 32)
            transmit(.refusal(refusal), to: place, Int(route.rawValue & 0xFFFF_FFFF))
        case .assign(let index, let orders):
            guard let place = host.placeOfIndex[index.rawValue] else { return }
            referee.saw(.sent(agents[place].plan.id, orders.map(\.token)), at: clock.now)
            for start in stride(from: 0, to: orders.count, by: Limits.tasksPerMessage) {
                let frame = Array(orders[start..<min(orders.count, start + Limits.tasksPerMessage)])
                send(.assign(session: host.core.session(of: index), frame), to: index)
            }
        case .acknowledge(let index, let tokens): send(.acknowledge(tokens), to: index)
        case .cancel(let index, let tokens): send(.cancel(tokens), to: index)
        case .reload(let job):
            events.plan(.reloaded(life: host.life, job), at: clock.now + draw.between(.ms(1), .ms(80)))
        }
    }

    /// Without a connection the agent is away: what it was not told is settled at its next hello.
    mutating func send(_ mail: AgentMail, to index: AgentIndex) {
        guard let place = host.placeOfIndex[index.rawValue], let connection = host.contacts[place].connection else {
            return
        }
        transmit(mail, to: place, connection)
    }

    private func sabotagedCapacity(_ capacity: UInt32) -> UInt32 {
        if case .twiceTheRoom = sabotage { capacity * 2 } else { capacity }
    }

    private func sabotaged(_ result: AttemptResult) -> AttemptResult {
        guard case .wrongToken = sabotage, result.token.attempt > 1 else { return result }
        var other = result
        other.token.attempt -= 1
        return other
    }
}
