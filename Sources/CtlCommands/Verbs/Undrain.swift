import ArgumentParser
import CoordinatorClient

struct Undrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Gives a drained agent work again.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The agent's name, as `agents` lists it.")
    var agent: String

    func run() async throws {
        try await CtlSession.with(global) { session in
            let changed = try await session.client.undrain(agent: agent)
            var json = JSONObject()
            json.add("verb", "undrain")
            json.add("agent", agent)
            json.add("changed", changed)
            try session.print(
                "agent \(agent) \(changed > 0 ? "gets work again" : "was not drained")", json: json, quiet: nil)
        }
    }
}
