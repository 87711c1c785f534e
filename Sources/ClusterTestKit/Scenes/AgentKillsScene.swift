import Foundation

/// The agent is killed again and again while Bash tools run in its instances (in the foreground, by `nohup`, in sessions of their own), each of
/// which has an MCP server besides.
/// Two seconds later nothing below it may live, and what had finished may not be run again.
public struct AgentKillsScene: Sendable {
    /// How often the agent is killed and started again on its state.
    public var kills = 50
    /// `claude` processes of the one agent.
    public var instances = 4
    /// Decides the moments, and the simulated API's draws.
    public var seed: UInt64 = 1

    /// Fifty kills, four instances.
    public init() {}

    /// Enough that work is left at the last kill.
    private var tasks: Int { kills * instances + 20 }

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(
            bench,
            ["--seed", "\(seed)", "--latency-ms", "100", "--latency-jitter-ms", "700", "--output-tokens", "5-20"])
        return try await Fleet(bench, api: api).play(play)
    }

    /// What was seen at the kills, summed.
    private struct Sums {
        var kills = 0
        var descendants = 0
        /// Tools that ran: in the foreground, by nohup, by setsid.
        var foreground = 0, nohup = 0, setsid = 0
        var mcpServers = 0
        /// Tasks that had ended by the last kill.
        var finished = 0
        /// Results that only the dead agent's disk held.
        var unacknowledged = 0
        var slowest: Duration = .zero
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let start = ContinuousClock.now
        var random = SplitMix(state: seed)
        let runs = try fleet.bench.newFolder("runs")
        let command =
            "echo run >> \(runs)/{line}; setsid sleep 3001 >/dev/null 2>&1 & nohup sleep 3002 >/dev/null 2>&1 & sleep 1.3"
        try await fleet.startCoordinator()
        try await startAgent(fleet)
        let lines = (1...tasks).map { "NONCE-kills-\($0)" }
        let server = try fleet.bench.lines("mcp-server.py", [Self.server])
        let job = try await fleet.submitted([
            "--from-json",
            try fleet.bench.lines(
                "tasks.jsonl",
                lines.map { line in
                    let bash = command.replacingOccurrences(of: "{line}", with: line)
                    return
                        #"{"prompt":"Do \#(line). [[bash: \#(bash)]]","allowed_tools":["Bash"],"mcp_config":{"mcpServers":{"own":{"command":"python3","args":["\#(server)"]}}}}"#
                }),
        ])
        guard let number = Int64(job) else { throw SceneError("\(job) is no job's number") }
        var sums = Sums()
        // What had ended at a kill, and how often it had been run by then.
        var finished: [Int64: Int] = [:]
        for kill in 1...kills {
            let ended = finished.count
            let more = 1 + Int(random.next() % 3)
            var below: [ProcessTree.Entry] = []
            let agent = try await fleet.agent("east")
            try await eventually("kill \(kill): \(more) more tasks to end, and tools to run", within: .seconds(90)) {
                guard agent.isRunning else { throw SceneError("the agent ended:\n\(agent.logTail())") }
                let now = try await Disks.ended(ofJob: number, in: fleet.dataDirectory).count
                guard now < tasks else { throw SceneError("all tasks ended before kill \(kill)") }
                guard now >= ended + more else { return false }
                return try Self.tools(ProcessTree().descendants(of: agent.pid)).foreground >= 2
            }
            // No wait for anything: the seed says at which moment of the work the kill comes.
            try await Task.sleep(for: .milliseconds(Int(random.next() % 250)))
            below = try ProcessTree().descendants(of: agent.pid)
            try await agent.killNow()
            let killed = ContinuousClock.now
            sums.slowest = max(sums.slowest, try await nothingLives(fleet, below, since: killed))
            let tools = Self.tools(below)
            sums.foreground += tools.foreground
            sums.nohup += tools.nohup
            sums.setsid += tools.setsid
            sums.mcpServers += below.filter { $0.command.contains("mcp-server.py") }.count
            sums.descendants += below.count
            sums.kills += 1
            let held = try await Disks.heldTasks(ofAgent: fleet.bench.scratch + "/east")
            sums.unacknowledged += try await Disks.withoutEnd(held, in: fleet.dataDirectory).count
            for task in try await Disks.ended(ofJob: number, in: fleet.dataDirectory).union(held)
            where finished[task] == nil {
                finished[task] = try Self.runs(of: task, lines, in: runs)
            }
            print(
                "kill \(kill): \(below.count) descendants (\(tools.foreground) foreground, \(tools.nohup) nohup, \(tools.setsid) setsid), \(finished.count) tasks finished"
            )
            try await startAgent(fleet)
        }
        sums.finished = finished.count
        let rows = try await fleet.ended(job)
        guard rows.count == tasks, rows.allSatisfy({ $0.state == "succeeded" }) else {
            throw SceneError("\(rows.count) results: \(rows.filter { $0.state != "succeeded" }.prefix(3))")
        }
        let again = try finished.filter { try Self.runs(of: $0.key, lines, in: runs) != $0.value }
        guard again.isEmpty else {
            throw SceneError("\(again.count) tasks were run again after they had ended: \(again.keys)")
        }
        guard sums.setsid >= kills, sums.nohup >= kills, sums.mcpServers >= kills else {
            throw SceneError("too few tools ran at the kills: \(sums)")
        }
        return """
            {"kills":\(sums.kills),"tasks":\(tasks),"succeeded":\(rows.count),"failed":0,"descendants_at_kills":\
            \(sums.descendants),"foreground_tools":\(sums.foreground),"nohup_tools":\(sums.nohup),"setsid_tools":\
            \(sums.setsid),"mcp_servers":\(sums.mcpServers),"alive_after_2s":0,"slowest_end_ms":\
            \(Int(sums.slowest / .milliseconds(1))),"finished_at_the_last_kill":\(sums.finished),\
            "results_on_the_agents_disk_alone":\(sums.unacknowledged),"finished_and_run_again":0,\
            "runs_cut_short":\(rows.reduce(0) { $0 + $1.attempts } - rows.count),"seed":\(seed),\
            "seconds":\((ContinuousClock.now - start).seconds)}
            """
    }

    private func startAgent(_ fleet: Fleet) async throws {
        try await fleet.startAgent("east", instances: instances, environment: ["CCO_POLICY_MCP": "stdio"])
    }

    /// How long it took until nothing of what was there, and nothing that bears the agent's mark, lived.
    private func nothingLives(
        _ fleet: Fleet, _ below: [ProcessTree.Entry], since killed: ContinuousClock.Instant
    ) async throws -> Duration {
        let state = fleet.bench.scratch + "/east"
        var left: [ProcessTree.Entry] = []
        while ContinuousClock.now < killed + .seconds(2) {
            // The agent's mark finds what was started after the look, too.
            left = try ProcessTree().living(of: below) + ProcessTree.mentioning("CCO_GUARD_MARKER=" + state)
            if left.isEmpty { return ContinuousClock.now - killed }
            // Nobody tells when another process is gone: the table is looked at again.
            try await Task.sleep(for: .milliseconds(20))
        }
        left = try ProcessTree().living(of: below) + ProcessTree.mentioning("CCO_GUARD_MARKER=" + state)
        if left.isEmpty { return .seconds(2) }
        for entry in left { kill(entry.pid, SIGKILL) }
        throw SceneError(
            "\(left.count) of \(below.count) descendants live 2 s after their agent: \(left.map(\.command))")
    }

    private static func tools(_ below: [ProcessTree.Entry]) -> (foreground: Int, nohup: Int, setsid: Int) {
        (
            below.count { $0.command == "sleep 1.3 " }, below.count { $0.command == "sleep 3002 " },
            below.count { $0.command == "sleep 3001 " }
        )
    }

    /// How often a task's command was run.
    private static func runs(of task: Int64, _ lines: [String], in folder: String) throws -> Int {
        let path = folder + "/" + lines[Int(task & 0xFFFF_FFFF)]
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count
    }

    /// An MCP server over standard streams, with one tool.
    private static let server = #"""
        import json, sys
        for line in sys.stdin:
            message = json.loads(line)
            method, number = message.get("method"), message.get("id")
            if number is None:
                continue
            result = {}
            if method == "initialize":
                result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                          "serverInfo": {"name": "own", "version": "1"}}
            elif method == "tools/list":
                result = {"tools": [{"name": "look", "description": "Looks.", "inputSchema": {"type": "object"}}]}
            print(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}), flush=True)
        """#
}
