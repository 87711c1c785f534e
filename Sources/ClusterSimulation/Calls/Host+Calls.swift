import ClusterModel
import CoordinatorCore
import Quotas

/// What the coordinator's shell does with calls and permits.
extension Simulation {
    /// The core is told the limits, and the levels of the last record.
    mutating func openDesk(_ state: RecoveredState) {
        guard let calls = scenario.calls else { return }
        do throws(BucketLimitError) {
            var limits: [BucketLimit] = []
            for limit in calls.limits {
                var told = limit
                if case .twiceTheLimits = sabotage {
                    told.amount *= 2
                    told.burst *= 2
                }
                limits.append(try QuotaWorld.told(told))
            }
            try host.core.openDesk(limits: limits, recovered: state.frame, at: clock.moment)
        } catch { referee.saw(.refused("a limit: \(error.message)"), at: clock.now) }
    }

    mutating func permitsAsked(_ place: Int, _ index: AgentIndex, _ session: UInt64, _ asks: [Envelope.Ask]) {
        guard session == host.core.session(of: index) else { return }
        let now = clock.instant
        host.core.agentWasHeard(index, at: now)
        host.contacts[place].lastHeard = max(host.contacts[place].lastHeard, clock.now)
        var answers: [CallNotice] = []
        for ask in asks {
            let number = ask.call.call.number
            let key = CallKey(agent: place, incarnation: host.contacts[place].incarnation, number: number)
            note("  agent \(place) asks for call \(number), open \(ask.isOpen)")
            if ask.isOpen {
                referee.saw(.call(.adopted(key, ask.call.call)), at: clock.now)
            } else {
                census.count("call.asked")
                referee.saw(.call(.asked(key, ask.call.call, priority(of: ask.call.token.task))), at: clock.now)
            }
            let isBlind = if case .forgetsPriorities = sabotage { true } else { false }
            host.core.callAsked(
                ask.wish, for: isBlind ? nil : ask.call.token, isOpen: ask.isOpen, from: index, at: now)
            answers += noticed()
        }
        tell(answers)
    }

    mutating func permitsReported(
        _ place: Int, _ index: AgentIndex, _ session: UInt64, _ number: UInt64, _ reports: [CallReport]
    ) {
        guard session == host.core.session(of: index), let calls = scenario.calls else { return }
        let now = clock.instant
        host.core.agentWasHeard(index, at: now)
        host.contacts[place].lastHeard = max(host.contacts[place].lastHeard, clock.now)
        var answers: [CallNotice] = []
        for report in reports {
            let key = CallKey(agent: place, incarnation: host.contacts[place].incarnation, number: report.number)
            note("  agent \(place) reports call \(report.number): \(report.outcome)")
            referee.saw(.call(.told(key, report.call, report.outcome)), at: clock.now)
            for told in sabotaged(report, place) {
                host.core.callTold(told.news(isExact: calls.isExact), of: told.number, from: index, at: now)
            }
            answers += noticed()
        }
        send(.permitReportsAck(number: number), to: index)
        tell(answers)
    }

    /// In every turn of the loop.
    mutating func keepQuotas() {
        guard scenario.calls != nil else { return }
        let moment = clock.moment
        if case .sleepsOnPermits = sabotage {
            // Calls that wait are never looked at again.
        } else {
            input("quotas") { $0.keepQuotas(at: moment) }
            tell(noticed())
        }
        let isKnown = clock.now >= host.begun + .ms(scenario.core.lease.rawValue)
        for place in host.contacts.indices
        where isKnown && !host.contacts[place].isHere && !host.contacts[place].isGivenUp {
            host.contacts[place].isGivenUp = true
            referee.saw(.call(.holderGone(place)), at: clock.now)
        }
        guard clock.now >= host.lastStanding + .s(1) else { return }
        host.lastStanding = clock.now
        // While an agent is about to be lost, who knows what first is of no account.
        let soon = Micros.ms(scenario.core.lease.rawValue) - .s(1)
        guard host.contacts.allSatisfy({ !$0.isHere || clock.now - $0.lastHeard < soon }) else { return }
        lookAtPermits()
    }

    /// The coordinator's own account.
    mutating func lookAtPermits() {
        if scenario.calls != nil { referee.saw(.call(standing()), at: clock.now) }
    }

    private func standing() -> CallSight {
        let counts = host.core.callCounts
        var held: Int64?
        if scenario.calls?.limits.contains(where: { $0.kind == .concurrency }) == true {
            held = host.core.quotaStandings(at: clock.instant).first { $0.limit.isConcurrency }?.view.used
        }
        return .standing(open: counts.open, waiting: counts.waiting, held: held.map { Int($0) })
    }

    /// A record of levels is on disk.
    mutating func quotasRecorded(_ flight: Host.Flight) {
        var number: UInt64?
        for step in flight.steps {
            for record in step.records { if case .quotas(let snapshot) = record { number = snapshot.number } }
        }
        guard let number else { return }
        host.core.quotasRecorded(number, at: clock.instant)
        tell(noticed())
    }

    private mutating func noticed() -> [CallNotice] {
        let notices = host.core.takeCallNotices()
        for notice in notices {
            guard let place = host.placeOfIndex[CoordinatorCore.agent(holding: notice.holder).rawValue] else {
                continue
            }
            let key = CallKey(agent: place, incarnation: host.contacts[place].incarnation, number: notice.number)
            if case .granted = notice.answer { referee.saw(.call(.granted(key)), at: clock.now) }
        }
        return notices
    }

    private mutating func tell(_ notices: [CallNotice]) {
        var messages: [(index: AgentIndex, answers: [(number: UInt64, refusal: String?)])] = []
        for notice in notices {
            let index = CoordinatorCore.agent(holding: notice.holder)
            var refusal: String?
            if case .refused(let why) = notice.answer { refusal = why }
            note("  call \(notice.number) of agent \(index.rawValue) is answered: \(refusal ?? "granted")")
            if let place = messages.firstIndex(where: { $0.index == index }) {
                messages[place].answers.append((notice.number, refusal))
            } else {
                messages.append((index, [(notice.number, refusal)]))
            }
        }
        for (index, answers) in messages { send(.permitAnswers(answers), to: index) }
    }

    /// As the core must know it; nil where a user may have changed it in this run.
    private func priority(of task: TaskID) -> Int? {
        guard !host.prioritized.contains(task.job) else { return nil }
        return referee.ledger.options(task).map { Int($0.priority.rawValue) }
    }

    private func sabotaged(_ report: CallReport, _ place: Int) -> [CallReport] {
        var report = report
        switch (sabotage, report.outcome) {
        case (.deafToRefusals, .refused), (.deafToOverload, .overloaded), (.deafToOverload, .cut):
            report.outcome = .done
        case (.losesReports, .done) where report.number % 3 == 0: return []
        case (.settlesTwice, .done):
            var other = report
            other.number = agents[place].broker.open.keys.sorted().first ?? report.number
            return [report, other]
        default: break
        }
        return [report]
    }
}

extension Envelope.Ask {
    var wish: CallWish {
        CallWish(
            number: call.call.number, service: "claude", endpoint: "messages",
            model: "claude-\(call.call.modelClass)-4-5", bodyBytes: call.call.bodyBytes,
            mostOutput: call.call.mostOutput)
    }
}
