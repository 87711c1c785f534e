import ClusterModel

/// What is left to do of an attempt that makes calls.
struct CallWork {
    var token: AttemptToken
    var calls: [WorldCall]
    /// Of them: this one is next.
    var step = 0
    /// It works so long before each call, and after the last.
    var pause: Micros
}

/// The agents' side: attempts make calls one after the other, each with a permit.
extension Simulation {
    mutating func beginCalls(_ place: Int, _ token: AttemptToken, _ plan: TaskPlan) {
        let pause = plan.duration / Micros(plan.calls.count + 1)
        agents[place].work.append(CallWork(token: token, calls: plan.calls, pause: pause))
        goOn(place, token, after: pause)
    }

    private mutating func goOn(_ place: Int, _ token: AttemptToken, after pause: Micros) {
        events.plan(
            .callDue(place, incarnation: agents[place].incarnation, token), at: clock.now + pause)
    }

    private func work(_ place: Int, _ token: AttemptToken) -> Int? {
        agents[place].work.firstIndex { $0.token == token }
    }

    mutating func callDue(_ place: Int, _ incarnation: UInt64, _ token: AttemptToken) {
        guard agents[place].isUp, agents[place].incarnation == incarnation, let at = work(place, token) else { return }
        let work = agents[place].work[at]
        guard work.step < work.calls.count else {
            return attemptEnded(place, incarnation, token, cancelled: false)
        }
        let number = agents[place].broker.ask(SimulatedCall(call: work.calls[work.step], token: token))
        note("agent \(place) wants call \(number) of \(token)")
        flushCalls(place)
    }

    /// Sends what the coordinator was not told in this session.
    mutating func flushCalls(_ place: Int) {
        guard let session = agents[place].session else { return }
        var broker = agents[place].broker
        var asks: [Envelope.Ask] = []
        for number in broker.untold {
            guard let held = broker.open[number] else { continue }
            asks.append(Envelope.Ask(call: held, isOpen: true))
        }
        for number in broker.unasked {
            guard let held = broker.waiting[number] else { continue }
            asks.append(Envelope.Ask(call: held, isOpen: false))
        }
        broker.untold = []
        broker.unasked = []
        if !broker.reports.isEmpty {
            broker.unacknowledged.append(.init(number: broker.nextMessage, reports: broker.reports))
            broker.nextMessage += 1
            broker.reports = []
        }
        var letters: [Envelope.Letter] = asks.isEmpty ? [] : [.permitRequests(session: session, asks)]
        for message in broker.unacknowledged.indices where !broker.unacknowledged[message].isSent {
            if broker.unacknowledged[message].wasSent { census.count("call.report_repeated") }
            broker.unacknowledged[message].isSent = true
            broker.unacknowledged[message].wasSent = true
            letters.append(
                .permitReports(
                    session: session, number: broker.unacknowledged[message].number,
                    broker.unacknowledged[message].reports))
        }
        agents[place].broker = broker
        for letter in letters { transmit(letter, from: place) }
    }

    mutating func callsToldAgain(_ place: Int) {
        agents[place].broker.sessionBegan()
        census.count("call.asked_again", agents[place].broker.unasked.count)
        census.count("call.open_told_again", agents[place].broker.untold.count)
        flushCalls(place)
    }

    mutating func permitsAnswered(_ place: Int, _ answers: [(number: UInt64, refusal: String?)]) {
        for (number, refusal) in answers {
            guard let held = agents[place].broker.waiting.removeValue(forKey: number) else {
                census.count("call.answer_unwanted")
                continue
            }
            if let refusal { referee.saw(.refused("a call: \(refusal)"), at: clock.now) }
            agents[place].broker.open[number] = held
            if draw.permille(20) {
                // Its caller went away between the permit and the sending.
                agents[place].broker.ended(number, .withdrawn)
                census.count("call.handed_back")
                goOn(place, held.token, after: .ms(100))
            } else {
                let way = draw.between(CallScenario.travel.lowerBound, CallScenario.travel.upperBound)
                events.plan(
                    .callReaches(key(place, number)), at: clock.now + way)
            }
        }
        flushCalls(place)
    }

    private func key(_ place: Int, _ number: UInt64) -> CallKey {
        CallKey(agent: place, incarnation: agents[place].incarnation, number: number)
    }

    private func held(_ key: CallKey) -> SimulatedCall? {
        guard agents[key.agent].isUp, agents[key.agent].incarnation == key.incarnation else { return nil }
        return agents[key.agent].broker.open[key.number]
    }

    // MARK: the service

    mutating func callReaches(_ key: CallKey) {
        guard let held = held(key), let calls = scenario.calls else { return }
        note("call \(key.number) of agent \(key.agent) reaches the service")
        census.count("call.sent")
        referee.saw(.call(.arrives(key, held.call)), at: clock.now)
        let (outcome, length) = answer(to: held.call, calls)
        if case .done = outcome, draw.below(5) == 0 {
            events.plan(.callEnds(key, .goesOn), at: clock.now + length / 2)
        }
        events.plan(.callEnds(key, outcome), at: clock.now + length)
    }

    private mutating func answer(to call: WorldCall, _ calls: CallScenario) -> (CallOutcome, Micros) {
        let quick = draw.between(.ms(5), .ms(80))
        guard !isHealed else { return (.done, call.lasts) }
        if draw.permille(calls.refusedPermille) {
            census.count("fault.service_429")
            let mine = calls.limits.filter { $0.kind != .concurrency && $0.limits(call) }
            let named = draw.below(2) == 0 ? draw.pick(mine)?.kind : nil
            if named != nil { census.count("fault.service_429_named") }
            return (.refused(retryAfter: .s(draw.between(2, 9)), named: named), quick)
        }
        if draw.permille(calls.overloadedPermille) {
            census.count("fault.service_529")
            return (.overloaded, quick)
        }
        if draw.permille(calls.cutPermille) {
            census.count("fault.service_cut")
            return (.cut, call.lasts / 2)
        }
        return (.done, call.lasts)
    }

    mutating func callEnds(_ key: CallKey, _ outcome: CallOutcome) {
        guard let held = held(key) else { return }
        let place = key.agent
        if case .goesOn = outcome {
            agents[place].broker.reports.append(
                CallReport(number: key.number, call: held.call, outcome: .goesOn))
            return flushCalls(place)
        }
        note("call \(key.number) of agent \(place) ends: \(outcome)")
        referee.saw(.call(.leaves(key, held.call)), at: clock.now)
        agents[place].broker.ended(key.number, outcome)
        flushCalls(place)
        guard let at = work(place, held.token) else { return }
        if case .done = outcome {
            census.count("call.done")
            agents[place].work[at].step += 1
            goOn(place, held.token, after: agents[place].work[at].pause)
        } else {
            // The gateway, or the CLI, repeats it under another permit.
            goOn(place, held.token, after: draw.between(.ms(100), .s(1)))
        }
    }

    // MARK: ends

    /// An attempt makes no more calls: those that wait are withdrawn, those that are under way end by themselves.
    mutating func dropCalls(_ place: Int, _ token: AttemptToken) {
        guard let at = work(place, token) else { return }
        agents[place].work.remove(at: at)
        let waiting = agents[place].broker.waiting.filter { $0.value.token == token }.keys.sorted()
        guard !waiting.isEmpty else { return }
        census.count("call.withdrawn", waiting.count)
        for number in waiting { agents[place].broker.withdraw(number) }
        flushCalls(place)
    }

    /// The agent's program is gone, and its connections to the service with it.
    mutating func callsDie(_ place: Int) {
        let broker = agents[place].broker
        census.count("call.of_dead_agent", broker.open.count)
        for number in broker.open.keys.sorted() {
            guard let held = broker.open[number] else { continue }
            referee.saw(.call(.leaves(key(place, number), held.call)), at: clock.now)
        }
        agents[place].broker = SimulatedBroker()
        agents[place].work = []
    }
}
