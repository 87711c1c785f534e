import ArgumentParser
import ClusterModel
import CoordinatorClient

struct SetAside: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists refused results, kept aside because nothing waited for them, the newest first.")

    @OptionGroup var global: GlobalOptions

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int = 100

    private static let columns: [Table.Column] = [
        .init("TASK"), .init("ATTEMPT", .right), .init("AGENT"), .init("STATE"), .init("CAME"), .init("REASON"),
    ]

    func validate() throws {
        guard (1...Limits.tasksPerMessage).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(Limits.tasksPerMessage)")
        }
    }

    func run() async throws {
        try await CtlSession.with(global) { session in
            let results = try await session.client.setAside(limit: limit)
            try session.print(
                Self.columns, rows: results.map(Self.row), json: results.map(Self.json),
                quiet: results.map(\.token.description))
        }
    }

    private static func row(_ result: SetAsideResult) -> [String] {
        [
            result.token.task.description, String(result.token.attempt), result.agent, result.state?.name ?? "-",
            TimeText.local(milliseconds: result.at.milliseconds), result.reason,
        ]
    }

    static func json(_ result: SetAsideResult) -> JSONObject {
        var object = JSONObject()
        object.add("task", result.token.task.description)
        object.add("attempt", result.token.attempt)
        object.add("store", String(result.token.store.rawValue, radix: 16))
        object.addOrNull("agent", result.agent)
        object.add("reason", result.reason)
        object.add("at", timeMilliseconds: result.at.milliseconds)
        object.addOrNull("state", result.state?.name ?? "")
        object.addOrNull("answer", result.answer)
        object.addOrNull("message", result.message)
        return object
    }
}
