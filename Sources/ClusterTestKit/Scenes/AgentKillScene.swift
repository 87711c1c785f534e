import Foundation

/// An agent is killed while its instances run Bash tools: nothing below it may live two seconds later, and its tasks end on the other.
public struct AgentKillScene: Sendable {
    /// `claude` processes of each of the two agents, and Bash tools that each has running at the kill.
    public var instances = 4

    /// Four instances an agent.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "3", "--output-tokens", "5-20"])
        let fleet = try Fleet(bench, api: api, coordinatorOptions: ["--lease", "5s"])
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

    private func play(_ fleet: Fleet) async throws -> String {
        let bench = fleet.bench
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: instances)
        try await fleet.startAgent("west", instances: instances)
        try await fleet.agentsAreLive(2)
        let tasks = 2 * instances
        let marker = bench.scratch + "/bash-runs"
        let lines = (1...tasks).map { "NONCE-bash-\($0)" }
        let file = bench.scratch + "/lines.txt"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        // The first run of each command stays for minutes, in a session of its own besides; a second run ends at once.
        let command =
            "mkdir -p \(marker); if mkdir \(marker)/{line}; then setsid python3 -c 'import time; time.sleep(301)' & "
            + "python3 -c 'import time; time.sleep(302)'; else echo again; fi"
        let job = try await fleet.ccctl([
            "submit", "--each-line", file, "--prompt", "Run it for {line}. [[bash: \(command)]]", "--allowed-tools",
            "Bash",
            "--output", "quiet",
        ])
        guard job.code == 0 else { throw SceneError("ccctl submit exited \(job.code): \(job.errors)") }
        guard let east = await fleet.agents["east"], let west = await fleet.agents["west"] else {
            throw SceneError("no agents")
        }
        var below: [ProcessTree.Entry] = []
        try await eventually("Bash tools on every instance", within: .seconds(90)) {
            let tree = try ProcessTree()
            below = tree.descendants(of: east.pid)
            let all = below + tree.descendants(of: west.pid)
            return all.filter { $0.command.contains("time.sleep(302)") && $0.command.hasPrefix("python3") }.count
                == tasks
        }
        let tools = below.filter { $0.command.hasPrefix("python3") }.count
        try await east.killNow()
        let killed = ContinuousClock.now
        try await Task.sleep(until: killed + .seconds(2))
        let left = try ProcessTree().living(of: below)
        guard left.isEmpty else {
            for entry in left { kill(entry.pid, SIGKILL) }
            throw SceneError(
                "\(left.count) of \(below.count) descendants live 2 s after their agent: \(left.map(\.command))")
        }
        // The other agent's own tools are ended by hand, so that its slots are free for what the dead one leaves.
        for entry in try ProcessTree().descendants(of: west.pid) where entry.command.hasPrefix("python3") {
            kill(entry.pid, SIGKILL)
        }
        let waited = try await fleet.ccctl(["wait", job.trimmed, "--timeout", "120"])
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job.trimmed, "--output", "json"]).output)
        guard waited.code == 0, rows.count == tasks else {
            throw SceneError(
                "ccctl wait exited \(waited.code) with \(rows.count) results: \(rows.compactMap(\.error?.message))")
        }
        let moved = rows.filter { $0.attempts > 1 }
        guard moved.count == instances, moved.allSatisfy({ $0.agent == "west" }) else {
            throw SceneError("\(moved.count) tasks were run again, where the dead agent held \(instances)")
        }
        return """
            {"tasks":\(tasks),"succeeded":\(rows.filter { $0.state == "succeeded" }.count),"failed":\
            \(rows.filter { $0.state != "succeeded" }.count),"descendants_before":\(below.count),"tools_running":\(tools),\
            "descendants_after_2s":0,"moved_to_the_other_agent":\(moved.count)}
            """
    }
}
