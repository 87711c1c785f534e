import Foundation

/// A limit so low that calls wait longer than a turn may: the turns are interrupted, and go on later where they were, with no attempt burnt.
public struct HeldTurnsScene: Sendable {
    /// Tasks of one call each.
    public var tasks = 3

    /// Three tasks.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "5", "--output-tokens", "5-20"])
        let fleet = try Fleet(bench, api: api, coordinatorOptions: ["--quota", "claude.requests=4/min,burst=1"])
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail(40))") }
            await fleet.stop()
            throw error
        }
    }

    private struct Summary: Encodable {
        var scene = "held-turns"
        var tasks, succeeded: Int
        /// Attempts that were interrupted since their calls were held.
        var held: Int
        /// Calls that went on with an interrupted turn, and calls that said a prompt twice.
        var continued, repeated: Int
        var calls: Int
    }

    private func play(_ fleet: Fleet) async throws -> String {
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: 2, environment: ["CCO_LONGEST_HOLD": "3s"])
        try await fleet.agentsAreLive(1)
        let file = fleet.bench.scratch + "/prompts.txt"
        try ((1...tasks).map { "NONCE-held\($0) [[say: noted]]" }.joined(separator: "\n") + "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        // One attempt alone may fail: a hold must not count as one.
        let job = try await fleet.ccctl([
            "submit", "--each-line", file, "--prompt", "{line}", "--max-attempts", "1", "--output", "quiet",
        ])
        guard job.code == 0 else { throw SceneError("ccctl submit exited \(job.code): \(job.errors)") }
        let waited = try await fleet.ccctl(["wait", job.trimmed], within: .seconds(300))
        guard waited.code == 0 else { throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)") }
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job.trimmed, "--output", "json"]).output)
        let calls = try await fleet.api.conversations()
        let summary = Summary(
            tasks: rows.count, succeeded: rows.count { $0.state == "succeeded" },
            held: rows.reduce(0) { $0 + $1.attempts - 1 },
            continued: try await fleet.api.requests(containing: "interrupted by this system"),
            repeated: calls.count { call in call.nonces.count != 1 || call.mentions != [1] }, calls: calls.count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let line = String(decoding: try encoder.encode(summary), as: UTF8.self)
        guard summary.succeeded == tasks, summary.repeated == 0, summary.calls == tasks else {
            throw SceneError("the turns did not go on as they must: \(line)")
        }
        guard summary.held > 0, summary.continued > 0 else { throw SceneError("no turn was held: \(line)") }
        return line
    }
}
