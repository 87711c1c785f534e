import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Attempts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists every attempt at a task that has ended, those that failed too.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A task such as 7.12, or a job that has one task.")
    var task: String

    private static let columns: [Table.Column] = [
        .init("ATTEMPT", .right), .init("AGENT"), .init("END"), .init("ENDED"), .init("TOKENS", .right),
        .init("COST", .right), .init("MESSAGE"),
    ]

    func run() async throws {
        let selector = try TaskSelector(task)
        try await CtlSession.with(global) { session in
            let id = try await selector.oneTask(session.client)
            let attempts = try await session.client.attempts(at: id)
            try session.print(
                Self.columns, rows: attempts.map(Self.row), json: attempts.map { Self.json($0, of: id) },
                quiet: attempts.map(Self.end))
        }
    }

    /// succeeded, given_up, or the class of what went wrong.
    static func end(_ attempt: AttemptSummary) -> String {
        if let failure = attempt.failure { return failure.errorClass }
        return attempt.givenUp ? "given_up" : "succeeded"
    }

    private static func row(_ attempt: AttemptSummary) -> [String] {
        [
            String(attempt.attempt), attempt.agent.isEmpty ? "-" : attempt.agent, end(attempt),
            TimeText.local(milliseconds: attempt.endedAt.milliseconds), CountText.short(attempt.usage.total),
            MoneyText.display(microUSD: attempt.costMicroUSD), attempt.failure?.message ?? "",
        ]
    }

    static func json(_ attempt: AttemptSummary, of task: TaskID) -> JSONObject {
        var object = JSONObject()
        object.add("task", task.description)
        object.add("attempt", attempt.attempt)
        object.addOrNull("agent", attempt.agent)
        object.add("end", end(attempt))
        object.add("given_up", attempt.givenUp)
        if let failure = attempt.failure {
            var error = JSONObject()
            error.add("class", failure.errorClass)
            error.add("message", failure.message)
            error.add("detail", failure.detail)
            object.add("error", error)
        } else {
            object.addNull("error")
        }
        object.add("ended_at", timeMilliseconds: attempt.endedAt.milliseconds)
        object.add("usage", UsageJSON.object(attempt.usage))
        object.add("cost_usd", microUSD: attempt.costMicroUSD)
        return object
    }
}
