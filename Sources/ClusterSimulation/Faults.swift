import ClusterModel
import CoordinatorCore

extension Simulation {
    mutating func planFaults() {
        guard scenario.profile != .fairness else { return }
        var at: Micros = .s(1)
        while at < scenario.healsAt - .s(1) {
            events.plan(.fault(randomFault()), at: at)
            at += draw.between(scenario.faultEvery / 4, scenario.faultEvery * 7 / 4)
        }
    }

    private mutating func randomFault() -> Fault {
        let agent = draw.below(agents.count)
        let cut = draw.pick(Cut.allCases) ?? .both
        switch draw.below(26) {
        case 0, 1, 2: return .agentCrash(agent)
        case 3: return .agentLeaves(agent)
        case 4, 5: return .agentCapacity(agent, UInt32(draw.below(5)))
        case 6, 7, 8: return .cutAgent(agent, cut, for: .ms(draw.between(300, 14_000)))
        case 9, 10: return .cutClient(draw.below(clients.count + 1), cut, for: .ms(draw.between(300, 8000)))
        case 11, 12: return .breakConnection(agent)
        case 13, 14, 15, 16, 17, 18: return .coordinatorCrash(draw.pick(CrashPhase.allCases) ?? .idle)
        case 19: return .slowDisk(for: .ms(draw.between(1000, 8000)))
        case 20: return .commitFails
        case 21: return .diskLow(for: .ms(draw.between(1000, 6000)))
        case 22, 23: return .clockJump(draw.below(2) == 0 ? 3_600_000 : -3_600_000)
        default: return .loopStall(for: .ms(draw.between(600, 15_000)))
        }
    }

    mutating func strike(_ fault: Fault) {
        if isHealed { return }
        note("fault: \(fault)")
        switch fault {
        case .agentCrash(let agent):
            census.count("fault.agent_crash")
            crashAgent(agent, for: draw.between(.ms(100), .s(15)))
        case .agentLeaves(let agent):
            census.count("fault.agent_leaves")
            leave(agent)
        case .agentCapacity(let agent, let capacity):
            census.count("fault.agent_capacity")
            agents[agent].capacity = capacity
            sendHeartbeat(agent)
        case .cutAgent(let agent, let cut, let length):
            census.count("fault.cut_agent_" + cut.rawValue)
            wires[agent].cut = cut
            events.plan(.fault(.mendAgent(agent)), at: clock.now + length)
        case .cutClient(let client, let cut, let length):
            census.count("fault.cut_client_" + cut.rawValue)
            clientWires[client].cut = cut
            events.plan(.fault(.mendClient(client)), at: clock.now + length)
        case .mendAgent(let agent): wires[agent].cut = nil
        case .mendClient(let client): clientWires[client].cut = nil
        case .breakConnection(let agent):
            census.count("fault.connection_broken")
            breakConnection(agent, after: draw.between(0, .s(1)))
        case .coordinatorCrash(let phase): host.trap = phase
        case .slowDisk(let length):
            census.count("fault.slow_disk")
            commitTime = .ms(200)...(.ms(2500))
            events.plan(.fault(.diskFast), at: clock.now + length)
        case .diskFast: commitTime = scenario.diskTime
        case .commitFails: nextCommitFails = true
        case .diskLow(let length):
            census.count("fault.disk_low")
            measure(isLow: true)
            events.plan(.fault(.diskHasRoom), at: clock.now + length)
        case .diskHasRoom: measure(isLow: false)
        case .clockJump(let jump):
            referee.saw(.call(.calendarJumped), at: clock.now)
            census.count("fault.clock_jump")
            clock.offset += jump
        case .loopStall(let length):
            guard host.isUp else { return }
            census.count("fault.loop_stall")
            host.stalledUntil = clock.now + length
        }
    }

    private mutating func measure(isLow: Bool) {
        diskIsLow = isLow
        host.core.diskMeasured(isLow: isLow)
    }

    /// From here on nothing goes wrong: everybody is there, every message arrives, users take back what they paused.
    mutating func heal() {
        guard !isHealed else { return watch() }
        note("all faults heal")
        isHealed = true
        for agent in agents.indices {
            wires[agent].cut = nil
            agents[agent].capacity = agents[agent].plan.capacity
            if agents[agent].plan.isRival {
                agents[agent].isUp = false
            } else if !agents[agent].isUp {
                startAgent(agent)
            }
        }
        for client in clientWires.indices { clientWires[client].cut = nil }
        commitTime = scenario.diskTime
        measure(isLow: false)
        nextCommitFails = false
        host.trap = nil
        host.stalledUntil = min(host.stalledUntil, clock.now)
        if host.isUp { wakeLoop(at: clock.now) } else { startCoordinator() }
        // Whatever is left, one task after the other, each as often as it may be tried.
        let work = scenario.submits.reduce(Micros(0)) { $0 + $1.tasks.reduce(0) { $0 + $1.duration + .s(1) } }
        let limited = scenario.calls?.timeFor(scenario.submits.flatMap { $0.tasks.flatMap(\.calls) }) ?? 0
        referee.saw(.healed(work: (work + limited) * 3, pause: limited), at: clock.now)
        if scenario.controlEvery == 0 { events.plan(.userActs, at: clock.now) }
        events.plan(.heals, at: clock.now + .s(1))
    }

    /// Looks whether all is over.
    private mutating func watch() {
        referee.saw(.timePassed, at: clock.now)
        let isQuiet =
            clients.allSatisfy(\.isOver) && referee.ledger.jobs.allSatisfy { $0.finish != nil }
            && agents.allSatisfy { $0.plan.isRival || $0.outbox.isEmpty } && !host.core.hasSweeps && host.flight == nil
            && user.pending == nil && agents.allSatisfy { $0.plan.isRival || $0.broker.isQuiet }
        if isQuiet { isOver = true } else { events.plan(.heals, at: clock.now + .s(1)) }
    }
}
