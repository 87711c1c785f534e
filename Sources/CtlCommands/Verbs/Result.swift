import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation

struct Result: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows one task's result whole, with what went wrong.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A task such as 7.12, or a job that has one task.")
    var task: String

    @Flag(help: "Print the patch of its worktree, as git apply takes it.")
    var patch = false

    @Option(help: ArgumentHelp("Print a file that was kept with it.", valueName: "name"))
    var artifact: String?

    @Option(
        help: ArgumentHelp(
            "With --patch or --artifact: write it there instead of to standard output.", valueName: "file"))
    var to: String?

    func validate() throws {
        if patch && artifact != nil { throw ValidationError("--patch and --artifact contradict each other: give one") }
        if to != nil && !patch && artifact == nil { throw ValidationError("--to goes with --patch or --artifact") }
    }

    func run() async throws {
        let selector = try TaskSelector(task)
        try await CtlSession.with(global) { session in
            let id = try await selector.oneTask(session.client)
            let result = try await Self.result(of: id, session.client)
            if patch || artifact != nil { return try await take(result, session.client) }
            try Self.print(try await ResultLine(result, from: session.client), session)
        }
    }

    /// The patch or an artifact, byte by byte.
    private func take(_ result: TaskResult, _ client: CoordinatorClient) async throws {
        guard let workspace = result.workspace else { throw UsageError("task \(result.task) had no worktree") }
        var bytes: [UInt8] = []
        if let artifact {
            guard let found = workspace.artifacts.first(where: { $0.name == artifact }) else {
                let names = workspace.artifacts.map(\.name).joined(separator: ", ")
                throw UsageError(
                    "task \(result.task) has no artifact \"\(artifact)\"; it has \(names.isEmpty ? "none" : names)")
            }
            bytes = try await client.bytes(of: found.content)
        } else if let patch = workspace.patch {
            bytes = try await client.bytes(of: patch)
        }
        if let to { try Data(bytes).write(to: URL(fileURLWithPath: to)) } else { try StandardOutput.raw(bytes) }
    }

    private static func result(of task: TaskID, _ client: CoordinatorClient) async throws -> TaskResult {
        let page = try await client.results(of: task.job, from: task.index, limit: 1)
        if let result = page.results.first, result.task == task { return result }
        let tasks = try await client.tasks(of: task.job, from: task.index, limit: 1)
        guard let summary = tasks.tasks.first, summary.index == task.index else {
            throw CoordinatorFailure(code: .unknownTask, message: "there is no task \(task)")
        }
        throw UsageError("task \(task) has not ended: it is \(summary.state)")
    }

    private static func print(_ line: ResultLine, _ session: CtlSession) throws {
        var output = StandardOutput()
        switch session.format {
        case .json: try output.line(line.json(withDetail: true).line)
        case .quiet: try output.line(Terminal.isTerminal(1) ? SafeText.block(line.bare) : line.bare)
        case .table: for text in block(line) { try output.line(text) }
        }
        try output.flush()
    }

    /// Head lines, then the answer and the error, each under its title.
    static func block(_ line: ResultLine) -> [String] {
        let result = line.result
        var head = [
            ("task", result.task.description), ("state", result.state.name), ("attempts", String(result.attempts)),
        ]
        if !result.name.isEmpty { head.append(("name", result.name)) }
        if !result.agent.isEmpty { head.append(("agent", "\(result.agent), instance \(result.instance)")) }
        if !result.sessionID.isEmpty { head.append(("session", result.sessionID)) }
        if let duration = line.durationMilliseconds { head.append(("time", TimeText.length(milliseconds: duration))) }
        let usage = result.usage
        head.append(
            (
                "tokens",
                "\(usage.inputTokens) in, \(usage.outputTokens) out, \(usage.cacheReadInputTokens) from the cache, "
                    + "\(usage.cacheCreationInputTokens) into it"
            ))
        head.append(("cost", MoneyText.display(microUSD: result.costMicroUSD)))
        var lines = head.map { title, value in
            title + String(repeating: " ", count: 10 - title.count) + SafeText.oneLine(value)
        }
        func section(_ title: String, _ text: String?) {
            if let text, !text.isEmpty { lines += ["", "\(title):", SafeText.block(text)] }
        }
        section("input", line.input)
        section("answer", line.answer)
        section("structured", line.structured)
        section("worktree", result.workspace.map(WorkspaceJSON.text))
        section("error", result.failure.map { "\($0.errorClass): \($0.message)" })
        section("the instance said last", result.failure?.detail)
        return lines
    }
}
