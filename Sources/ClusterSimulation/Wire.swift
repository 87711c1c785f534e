import ClusterModel
import CoordinatorCore

/// The way between the coordinator and one peer.
struct Wire {
    var cut: Cut?
    var latestIn: Micros = 0
    var latestOut: Micros = 0
}

extension Simulation {
    /// When a message sent now arrives; nil: never.
    ///
    /// A connection keeps its order, as the sockets do; what is late holds up what comes after it. Messages of different connections, and
    /// requests of clients, which are repeated on others, overtake each other.
    private mutating func journey(_ wire: WritableKeyPath<Self, Wire>, incoming: Bool, keepsOrder: Bool) -> Micros? {
        if let cut = self[keyPath: wire].cut, incoming ? cut.stopsIncoming : cut.stopsOutgoing {
            census.count("fault.lost_in_partition")
            return nil
        }
        if !isHealed, draw.permille(scenario.lossPermille) {
            census.count("fault.loss")
            return nil
        }
        var delay = draw.between(100, .ms(4))
        if !isHealed, draw.permille(scenario.latePermille) {
            census.count("fault.delay")
            delay += draw.between(.ms(5), .ms(1500))
        }
        var at = clock.now + delay
        let latest = incoming ? self[keyPath: wire].latestIn : self[keyPath: wire].latestOut
        if at < latest {
            if keepsOrder || isHealed { at = latest } else { census.count("fault.reorder") }
        }
        let next = max(latest, at)
        if incoming { self[keyPath: wire].latestIn = next } else { self[keyPath: wire].latestOut = next }
        return at
    }

    private mutating func isDoubled() -> Bool {
        guard !isHealed, draw.permille(scenario.duplicatePermille) else { return false }
        census.count("fault.duplicate")
        return true
    }

    mutating func transmit(_ letter: Envelope.Letter, from agent: Int) {
        let envelope = Envelope(sender: .agent(agent, connection: agents[agent].connection), letter: letter)
        guard let at = journey(\.wires[agent], incoming: true, keepsOrder: true) else {
            return breakConnection(agent, after: draw.between(.ms(50), .s(3)))
        }
        events.plan(.arrives(envelope), at: at)
        if isDoubled() { events.plan(.arrives(envelope), at: at + (letter.isOfCalls ? 0 : draw.between(0, .ms(700)))) }
    }

    mutating func transmit(_ mail: AgentMail, to agent: Int, _ connection: Int) {
        guard let at = journey(\.wires[agent], incoming: false, keepsOrder: true) else {
            return breakConnection(agent, after: draw.between(.ms(50), .s(3)))
        }
        events.plan(.agentMail(agent: agent, connection: connection, mail), at: at)
        if isDoubled() {
            events.plan(.agentMail(agent: agent, connection: connection, mail), at: at + draw.between(0, .ms(700)))
        }
    }

    mutating func transmit(_ request: Request, number: UInt64, from client: Int) {
        let envelope = Envelope(sender: .client(client), letter: .request(number, request))
        guard let at = journey(\.clientWires[client], incoming: true, keepsOrder: false) else { return }
        events.plan(.arrives(envelope), at: at)
        if isDoubled() { events.plan(.arrives(envelope), at: at + draw.between(0, .s(2))) }
    }

    mutating func transmit(_ reply: Reply, to client: Int, request: UInt64) {
        guard let at = journey(\.clientWires[client], incoming: false, keepsOrder: false) else {
            return census.count("fault.lost_answer")
        }
        events.plan(.clientMail(client: client, request: request, reply), at: at)
    }

    /// A connection on which something was lost is no connection: the agent makes another.
    mutating func breakConnection(_ agent: Int, after: Micros) {
        guard agents[agent].isUp, !agents[agent].isReconnecting else { return }
        agents[agent].isReconnecting = true
        events.plan(.reconnects(agent, connection: agents[agent].connection), at: clock.now + after)
    }
}

extension Envelope.Letter {
    /// What is said of calls stays in order even when it is doubled: that is what a connection promises, and an ask that came again after
    /// its call had ended would be another call.
    var isOfCalls: Bool {
        switch self {
        case .permitRequests, .permitReports: true
        default: false
        }
    }
}
