import Foundation

/// The main job, end to end: one queue, two agents, real `claude` processes; every answer checked against its own prompt.
public struct DemoScene: Sendable {
    /// Tasks of the plain job; the job that edits a file comes on top.
    public var tasks = 40
    /// `claude` processes of each of the two agents.
    public var instances = 4

    /// Forty tasks, four instances an agent.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(
            bench, ["--seed", "7", "--latency-ms", "150", "--latency-jitter-ms", "250", "--output-tokens", "40-160"])
        let fleet = try Fleet(bench, api: api)
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail())") }
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let bench = fleet.bench
        print(
            "starting anthropic-sim (\(try fleet.api.url)), cc-coordinator (\(fleet.clientsEndpoint)), two cc-agents × \(instances) claude"
        )
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: instances)
        try await fleet.startAgent("west", instances: instances)
        try await fleet.agentsAreLive(2)
        let census = ClaudeCensus(of: bench.claude, under: await fleet.agents.values.map(\.pid))
        let counting = Task { try await census.watch() }
        defer { counting.cancel() }

        let lines = (1...tasks).map { "NONCE-\(String($0 * 7919, radix: 36))-\($0)" }
        let file = bench.scratch + "/modules.txt"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let started = ContinuousClock.now
        let job = try await submit(
            fleet, ["--each-line", file, "--prompt", "Document module {line} in one paragraph.", "--name", "document"])
        let waited = try await fleet.ccctl(["wait", job])
        guard waited.code == 0 else { throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)") }
        let processes = try await census.seen()
        guard (1...2 * instances).contains(processes) else {
            throw SceneError("\(processes) claude processes were seen, where 1 to \(2 * instances) may be")
        }
        // Its tools and directory are others: an instance that works there is started anew.
        let edit = try await submitEdit(fleet)
        let waitedEdit = try await fleet.ccctl(["wait", edit.job])
        let seconds = Double((ContinuousClock.now - started) / .milliseconds(1)) / 1000
        let output = try await fleet.ccctl(["results", job, "--output", "json"])
        let rows = try TaskRow.read(output.output)
        let edited = try TaskRow.read(try await fleet.ccctl(["results", edit.job, "--output", "json"]).output)
        try check(rows, against: lines)
        guard waitedEdit.code == 0, (try? String(contentsOfFile: edit.path, encoding: .utf8)) == edit.content else {
            throw SceneError("the task that edits \(edit.path) did not: \(edited.first?.error?.message ?? "no error")")
        }
        let peak = await census.peak
        guard peak <= 2 * instances else { throw SceneError("\(peak) claude processes ran at once") }
        let stats = try await fleet.api.stats()
        show(rows + edited)
        return try summary(rows + edited, seconds: seconds, processes: processes, stats: stats)
    }

    private func submit(_ fleet: Fleet, _ arguments: [String]) async throws -> String {
        let run = try await fleet.ccctl(["submit"] + arguments + ["--output", "quiet"])
        guard run.code == 0, Int(run.trimmed) != nil else {
            throw SceneError("ccctl submit exited \(run.code): \(run.errors)\(run.output)")
        }
        return run.trimmed
    }

    private func submitEdit(_ fleet: Fleet) async throws -> (job: String, path: String, content: String) {
        let folder = fleet.bench.scratch + "/repository"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/CHANGES.md"
        let content = "One more line, NONCE-edit\n"
        let input = try JSONSerialization.data(
            withJSONObject: ["file_path": path, "content": content], options: [.sortedKeys, .withoutEscapingSlashes])
        let job = try await submit(
            fleet,
            [
                "Write the change log. NONCE-edit [[tool: Write \(String(decoding: input, as: UTF8.self))]]", "--name",
                "edit",
                "--directory", folder, "--permission-mode", "acceptEdits",
            ])
        return (job, path, content)
    }

    private func check(_ rows: [TaskRow], against lines: [String]) throws {
        guard rows.count == lines.count else { throw SceneError("\(rows.count) results for \(lines.count) tasks") }
        for (row, line) in zip(rows, lines) {
            guard row.state == "succeeded" else {
                throw SceneError("task \(row.task) \(row.state): \(row.error?.message ?? "")")
            }
            guard row.input == line, row.result?.contains(line) == true else {
                throw SceneError("task \(row.task) was asked for \(line) and answered: \(row.result ?? "nothing")")
            }
            let others = lines.filter { $0 != line && (row.result ?? "").contains($0 + " ") }
            guard others.isEmpty else {
                throw SceneError("task \(row.task)'s answer holds another task's nonce: \(others)")
            }
        }
    }

    private func show(_ rows: [TaskRow]) {
        func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
            let gap = String(repeating: " ", count: max(0, width - text.count))
            return left ? gap + text : text + gap
        }
        print(
            "\n" + pad("task", 6) + pad("state", 11) + pad("instance", 10) + pad("input", 8, left: true)
                + pad("output", 8, left: true)
                + pad("cost $", 10, left: true) + pad("ms", 7, left: true) + "  answer")
        for row in rows {
            print(
                pad(row.task, 6) + pad(row.state, 11) + pad(row.instance ?? "-", 10)
                    + pad("\(row.usage.input_tokens + row.usage.cache_creation_input_tokens)", 8, left: true)
                    + pad("\(row.usage.output_tokens)", 8, left: true)
                    + pad(String(format: "%.4f", row.cost_usd), 10, left: true)
                    + pad("\(row.duration_ms ?? 0)", 7, left: true) + "  " + (row.result ?? "").prefix(40))
        }
        print("")
    }

    private func summary(_ rows: [TaskRow], seconds: Double, processes: Int, stats: SimulatedAPI.Stats) throws -> String
    {
        struct Summary: Encodable {
            var tasks, succeeded, failed, agents, claude_processes, api_calls, peak_open_calls, status_429: Int
            var input_tokens, output_tokens: Int
            var cost_usd, seconds: Double
        }
        let summary = Summary(
            tasks: rows.count, succeeded: rows.filter { $0.state == "succeeded" }.count,
            failed: rows.filter { $0.state != "succeeded" }.count, agents: Set(rows.compactMap(\.agent)).count,
            claude_processes: processes, api_calls: stats.total, peak_open_calls: stats.peakOpen,
            status_429: stats.status429,
            input_tokens: rows.reduce(0) { $0 + $1.usage.input_tokens + $1.usage.cache_creation_input_tokens },
            output_tokens: rows.reduce(0) { $0 + $1.usage.output_tokens },
            cost_usd: (rows.reduce(0) { $0 + $1.cost_usd } * 10000).rounded() / 10000, seconds: seconds)
        guard summary.agents == 2 else {
            throw SceneError("\(summary.agents) agents did the work, where two were there")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(summary), as: UTF8.self)
    }
}
