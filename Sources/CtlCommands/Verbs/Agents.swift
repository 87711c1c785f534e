import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Agents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the agents that the coordinator knows.")

    @OptionGroup var global: GlobalOptions

    @Flag(help: "What became of their instances, counted by reason.")
    var lifecycle = false

    private static let lifecycleColumns: [Table.Column] = [
        .init("AGENT"), .init("EVENT"), .init("REASON"), .init("COUNT", .right),
    ]

    private static let columns: [Table.Column] = [
        .init("AGENT"), .init("HOST"), .init("STATE"), .init("SLOTS", .right), .init("RUNNING", .right),
        .init("INSTANCES", .right), .init("SIZE", .right), .init("OK", .right), .init("FAILED", .right),
        .init("MEMORY", .right),
        .init("HEARD", .right), .init("CLAUDE"), .init("NOTE"),
    ]

    func run() async throws {
        try await CtlSession.with(global) { session in
            let agents = try await session.client.agents()
            guard !lifecycle else {
                let counts = agents.flatMap { agent in agent.pool.counts.map { (agent.name, $0) } }
                return try session.print(
                    Self.lifecycleColumns,
                    rows: counts.map { [$0.0, "instance:" + $0.1.event, $0.1.reason, String($0.1.count)] },
                    json: counts.map { Self.json($0.0, $0.1) },
                    quiet: counts.map { "\($0.0) \($0.1.event) \($0.1.reason) \($0.1.count)" })
            }
            try session.print(
                Self.columns, rows: agents.map(Self.row), json: agents.map(Self.json), quiet: agents.map(\.name))
        }
    }

    private static func row(_ agent: AgentSummary) -> [String] {
        [
            agent.name, agent.host, agent.state, String(agent.capacity), String(agent.running), String(agent.instances),
            agent.pool.limit == 0 ? "-" : "\(agent.pool.size) of \(agent.pool.limit)", String(agent.succeeded),
            String(agent.failed), CountText.bytes(agent.residentBytes),
            TimeText.length(milliseconds: agent.lastHeardAgo.rawValue), agent.claudeVersion, agent.heldBecause,
        ]
    }

    private static func json(_ agent: String, _ count: InstanceCount) -> JSONObject {
        var object = JSONObject()
        object.add("agent", agent)
        object.add("event", "instance:" + count.event)
        object.add("reason", count.reason)
        object.add("count", count.count)
        return object
    }

    private static func json(_ agent: AgentSummary) -> JSONObject {
        var labels = JSONObject()
        for (name, value) in agent.labels.sorted(by: { $0.key < $1.key }) { labels.add(name, value) }
        var object = JSONObject()
        object.add("agent", agent.name)
        object.add("host", agent.host)
        object.add("state", agent.state)
        object.add("capacity", agent.capacity)
        object.add("running", agent.running)
        object.add("instances", agent.instances)
        object.add("busy", agent.busy)
        object.add("outbox", agent.outbox)
        object.add("succeeded", agent.succeeded)
        object.add("failed", agent.failed)
        object.add("resident_bytes", agent.residentBytes)
        object.add("last_heard_ms_ago", agent.lastHeardAgo.rawValue)
        object.add("version", agent.version)
        object.add("claude_version", agent.claudeVersion)
        object.addOrNull("held_because", agent.heldBecause)
        object.add("labels", labels)
        object.add("size", agent.pool.size)
        object.add("size_limit", agent.pool.limit)
        object.addOrNull("size_because", agent.pool.because)
        var lifecycle = JSONObject()
        for count in agent.pool.counts { lifecycle.add("\(count.event) \(count.reason)", count.count) }
        object.add("lifecycle", lifecycle)
        return object
    }
}
