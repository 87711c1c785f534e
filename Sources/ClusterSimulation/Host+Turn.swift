import ClusterModel
import CoordinatorCore

/// The loop, as the coordinator's shell runs it.
extension Simulation {
    mutating func turnLoop() {
        host.loopAt = nil
        guard host.isUp else { return }
        if clock.now < host.stalledUntil { return wakeLoop(at: host.stalledUntil) }
        if falls(.idle) { return }
        noticeStall()
        host.lastTurn = clock.now
        if host.weight < Host.rowsPerCommit {
            drain(fromAgents: true)
            drain(fromAgents: false)
            let moment = clock.moment
            input("sweep") { $0.sweep(at: moment) }
            if host.agentMail.isEmpty {
                input("time") { $0.timePassed(to: moment) }
                noticeSilence()
            }
            keepQuotas()
            input("assign", offers: offers()) { $0.assignWork(at: moment) }
        }
        turnOver()
        guard host.isUp else { return }
        planNextTurn()
    }

    private mutating func planNextTurn() {
        let isBusy = !host.agentMail.isEmpty || !host.clientMail.isEmpty || host.core.hasSweeps
        let left = Clock.micros(host.core.nextDeadline) - clock.now
        let canRead = host.weight < Host.rowsPerCommit
        host.expected = isBusy && canRead ? 100 : max(.ms(1), min(Host.pollAtMost, left + .ms(1)))
        wakeLoop(at: clock.now + host.expected)
    }

    private mutating func noticeStall() {
        let late = clock.now - host.lastTurn - host.expected
        guard late > Host.stall else { return }
        note("  the loop stood still for \(late)")
        host.core.loopStalled(for: Milliseconds(late / 1000))
        for place in host.contacts.indices { host.contacts[place].lastHeard += late / 1000 * 1000 }
    }

    private mutating func noticeSilence() {
        for place in host.contacts.indices where host.contacts[place].isHere {
            if clock.now - host.contacts[place].lastHeard >= .ms(scenario.core.lease.rawValue) {
                note("  agent \(place) is lost")
                host.contacts[place].isHere = false
                referee.saw(.call(.holderGone(place)), at: clock.now)
            }
        }
    }

    /// The agents that may be given work, by what they said.
    private func offers() -> [Step.Offer] {
        var offers: [Step.Offer] = []
        for (place, contact) in host.contacts.enumerated() where contact.isHere {
            guard clock.now - contact.lastHeard < .ms(scenario.core.suspectAfter.rawValue) else { continue }
            let plan = agents[place].plan
            offers.append(
                Step.Offer(agent: plan.id, capacity: Int(contact.capacity), labels: plan.labels, runners: plan.runners))
        }
        return offers
    }

    private mutating func drain(fromAgents: Bool) {
        for _ in 0..<Host.messagesPerDrain {
            guard host.weight < Host.rowsPerCommit,
                let envelope = fromAgents ? host.agentMail.popFirst() : host.clientMail.popFirst()
            else { return }
            switch envelope.sender {
            case .agent(let agent, let connection): agentSays(agent, connection, envelope.letter)
            case .client(let client): clientSays(client, envelope.letter)
            }
        }
    }

    func handsOver() -> Bool { host.hasRecords || !host.effects.isEmpty }

    mutating func turnOver() {
        guard host.flight == nil else { return }
        guard handsOver() else {
            if !host.steps.isEmpty { referee.durable(host.steps) }
            host.steps = []
            return
        }
        if host.hasRecords, falls(.beforeCommit) { return }
        let flight = Host.Flight(steps: host.steps, effects: host.effects, fails: host.hasRecords && nextCommitFails)
        let hasRecords = host.hasRecords
        host.steps = []
        host.effects = []
        host.hasRecords = false
        host.weight = 0
        guard hasRecords else {
            referee.durable(flight.steps)
            return release(flight.effects)
        }
        host.flight = flight
        let length = draw.between(commitTime.lowerBound, commitTime.upperBound)
        note("  commit of \(flight.steps.count) steps takes \(length)")
        if host.trap == .duringCommit {
            host.trap = nil
            census.count("fault.crash_duringCommit")
            events.plan(.crash(life: host.life), at: clock.now + draw.between(0, length - 1))
        }
        events.plan(.synced(life: host.life), at: clock.now + length)
    }

    mutating func synced() {
        guard let flight = host.flight else { return }
        if flight.fails {
            nextCommitFails = false
            census.count("fault.commit_fails")
            return startOver()
        }
        for step in flight.steps {
            for record in step.records where !isForgotten(record) { disk.apply(record, at: step.at) }
        }
        referee.durable(flight.steps)
        note("on disk")
        if falls(.afterCommit) { return }
        events.plan(.committed(life: host.life), at: clock.now + draw.between(20, 500))
    }

    mutating func committed() {
        guard let flight = host.flight else { return }
        host.flight = nil
        if host.trap == .duringRelease {
            host.trap = nil
            census.count("fault.crash_duringRelease")
            release(Array(flight.effects.prefix(draw.below(flight.effects.count))))
            return crashCoordinator()
        }
        quotasRecorded(flight)
        release(flight.effects)
        wakeLoop(at: clock.now + 20)
    }

    /// The transaction failed: whoever waits is refused, and the core is made anew from what is on disk. It takes a new term, so that no
    /// session comes twice.
    private mutating func startOver() {
        note("the commit failed; back to what is on disk")
        for effect in (host.flight?.effects ?? []) + host.effects {
            guard case .reply(let handle, _) = effect, let waiting = host.waiting.removeValue(forKey: handle.rawValue)
            else { continue }
            transmit(.refused(.diskFull, "the transaction failed"), to: waiting.client, request: waiting.request)
        }
        let old = host
        host = Host(
            CoordinatorCore(
                storeID: Scenario.store, term: old.term + 1, configuration: scenario.core,
                seed: Draw.fixed(scenario.seed, old.term + 1)))
        host.life = old.life + 1
        host.loopStamp = old.loopStamp + 1
        host.agentMail = old.agentMail
        host.clientMail = old.clientMail
        host.nextHandle = old.nextHandle
        host.prioritized = old.prioritized
        takeUp(term: old.term + 1)
        host.core.follow(old.core, at: clock.instant)
        for place in agents.indices {
            if let connection = old.contacts[place].connection { transmit(.introduceYourself, to: place, connection) }
        }
    }

    mutating func reloaded(_ id: JobID) {
        let job = disk.job(id).map { disk.recovered($0, isWhole: true) }
        let moment = clock.moment
        input("job \(id) reloaded") { $0.jobReloaded(id, job, at: moment) }
        wakeLoop(at: clock.now + 20)
    }

    private func isForgotten(_ record: DurableRecord) -> Bool {
        guard case .diskForgets(let kind, let every) = sabotage else { return false }
        return record.censusName == "record." + kind && Int(Draw.fixed(UInt64(handled), 3) % UInt64(every)) == 0
    }
}
