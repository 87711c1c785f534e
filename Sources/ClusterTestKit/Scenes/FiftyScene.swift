import Foundation

/// Fifty real `claude` processes, each with a call open at the same moment.
public struct FiftyScene: Sendable {
    /// `claude` processes of the one agent; it gets twice as many tasks.
    public var instances = 50

    /// Fifty instances.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "50"])
        let fleet = try Fleet(bench, api: api)
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let bench = fleet.bench
        let started = ContinuousClock.now
        try await fleet.startCoordinator()
        try await fleet.startAgent("host", instances: instances)
        try await fleet.agentsAreLive(1)
        try await fleet.api.hold()
        let lines = (1...2 * instances).map { "NONCE-fifty-\($0)" }
        let file = bench.scratch + "/lines.txt"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let job = try await fleet.ccctl(["submit", "--each-line", file, "--prompt", "Say {line}", "--output", "quiet"])
        guard job.code == 0 else { throw SceneError("ccctl submit exited \(job.code): \(job.errors)") }
        try await eventually("\(instances) calls open at once", within: .seconds(300)) {
            try await fleet.api.stats().openNow == instances
        }
        let open = seconds(since: started)
        let tree = try ProcessTree()
        let below = await fleet.agents.values.flatMap { tree.descendants(of: $0.pid) }
        let guards = Set(below.filter { $0.command.contains("cc-guard ") }.map(\.pid))
        let claudes = below.filter { guards.contains($0.parent) && $0.command.hasPrefix(bench.claude + " ") }
        let resident = ProcessTree.residentBytes(of: claudes.map(\.pid)) / 1_048_576
        try await fleet.api.release()
        let waited = try await fleet.ccctl(["wait", job.trimmed])
        guard waited.code == 0 else { throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)") }
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job.trimmed, "--output", "json"]).output)
        let stats = try await fleet.api.stats()
        guard rows.filter({ $0.state == "succeeded" && $0.result?.contains($0.input) == true }).count == lines.count
        else {
            throw SceneError("not every task answered its own prompt")
        }
        guard stats.peakOpen == instances, claudes.count == instances else {
            throw SceneError(
                "peak of open calls \(stats.peakOpen), claude processes \(claudes.count): both must be \(instances)")
        }
        return """
            {"tasks":\(rows.count),"succeeded":\(rows.count),"failed":0,"peak_open_calls":\(stats.peakOpen),\
            "claude_processes":\(claudes.count),"claude_resident_mib":\(resident),"mib_each":\(resident / claudes.count),\
            "seconds_until_all_open":\(open),"seconds":\(seconds(since: started))}
            """
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    }
}
