import ArgumentParser
import CoordinatorClient

struct Recalculate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets agents look at their hosts now, and set the number of their instances by them.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The agent's name, as `agents` lists it; without one, all agents.")
    var agent: String?

    func run() async throws {
        try await CtlSession.with(global) { session in
            let changed = try await session.client.recalculate(agent: agent ?? "")
            var json = JSONObject()
            json.add("verb", "recalculate")
            json.addOrNull("agent", agent ?? "")
            json.add("changed", changed)
            try session.print(
                "\(changed) agents look at their hosts: `ccctl agents` shows what they found", json: json, quiet: nil)
        }
    }
}
