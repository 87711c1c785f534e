import ArgumentParser
import CoordinatorClient

struct Agents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the agents that the coordinator knows.")

    @OptionGroup var global: GlobalOptions

    private static let columns: [Table.Column] = [
        .init("AGENT"), .init("HOST"), .init("STATE"), .init("SLOTS", .right), .init("RUNNING", .right),
        .init("INSTANCES", .right), .init("OK", .right), .init("FAILED", .right), .init("MEMORY", .right),
        .init("HEARD", .right), .init("CLAUDE"), .init("NOTE"),
    ]

    func run() async throws {
        try await CtlSession.with(global) { session in
            let agents = try await session.client.agents()
            try session.print(
                Self.columns, rows: agents.map(Self.row), json: agents.map(Self.json), quiet: agents.map(\.name))
        }
    }

    private static func row(_ agent: AgentSummary) -> [String] {
        [
            agent.name, agent.host, agent.state, String(agent.capacity), String(agent.running), String(agent.instances),
            String(agent.succeeded), String(agent.failed), CountText.bytes(agent.residentBytes),
            TimeText.length(milliseconds: agent.lastHeardAgo.rawValue), agent.claudeVersion, agent.heldBecause,
        ]
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
        return object
    }
}
