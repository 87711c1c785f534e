import ArgumentParser
import CoordinatorClient

struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Gives an agent no new work; what it has is finished.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The agent's name, as `agents` lists it.")
    var agent: String

    func run() async throws {
        try await CtlSession.with(global) { session in
            let changed = try await session.client.drain(agent: agent)
            var json = JSONObject()
            json.add("verb", "drain")
            json.add("agent", agent)
            json.add("changed", changed)
            try session.print(
                "agent \(agent) \(changed > 0 ? "gets no new work" : "got none already")", json: json, quiet: nil)
        }
    }
}
