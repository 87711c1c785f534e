import Foundation

/// Agent and coordinator do many tasks, and must hold no more at the end than after they were warm: memory, descriptors, threads.
public struct PoolFlatScene: Sendable {
    /// Tasks with claude-sim.
    public var simulatedTasks = 1600
    /// Tasks with the real CLI.
    public var realTasks = 400
    /// Instances with claude-sim, and with the real CLI.
    public var instances = (simulated: 8, real: 4)

    /// Memory after the last batches as a share of memory after the first warm ones; allocators breathe.
    static let growthLimit = 1.15
    /// Descriptors and threads that may come and go between two looks.
    static let countsLimit = 4
    /// Looks at each agent.
    private static let batches = 10
    /// Of which the first are not compared: pools of memory and of threads fill.
    private static let warmUp = 3
    private static let compared = 3

    /// 2,000 tasks, 400 of them with the real CLI.
    public init() {}

    /// Runs it.
    ///
    /// - Parameters:
    ///   - bench: its `claude` is the real CLI.
    ///   - standIn: the path of claude-sim.
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench, standIn: String) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "9", "--output-tokens", "5-40"])
        return try await Fleet(bench, api: api).play { fleet in
            let start = ContinuousClock.now
            try await fleet.startCoordinator()
            let simulated = try await phase(fleet, "simulated", instances.simulated, simulatedTasks, claude: standIn)
            let real = try await phase(fleet, "real", instances.real, realTasks, claude: bench.claude)
            return """
                {"tasks":\(simulatedTasks + realTasks),"succeeded":\(simulatedTasks + realTasks),"failed":0,\
                "claude_sim":\(simulated),"real_cli":\(real),"seconds":\((ContinuousClock.now - start).seconds)}
                """
        }
    }

    /// Does the tasks in batches and looks after each.
    private func phase(_ fleet: Fleet, _ name: String, _ instances: Int, _ tasks: Int, claude: String) async throws
        -> String
    {
        try await fleet.startAgent(name, instances: instances, claude: claude)
        try await eventually("the agent \(name) to be live", within: .seconds(60)) {
            try await fleet.ccctl(["agents", "--output", "json"]).output.split(separator: "\n").contains {
                $0.contains("\"\(name)\"") && $0.contains("\"live\"")
            }
        }
        let agent = try await fleet.agent(name)
        guard let coordinator = await fleet.coordinator else { throw SceneError("no coordinator runs") }
        var looks: [(agent: ProcessWeight, coordinator: ProcessWeight)] = []
        for batch in 0..<Self.batches {
            let lines = (0..<tasks / Self.batches).map { "NONCE-flat-\(name)-\(batch)-\($0)" }
            let file = try fleet.bench.lines("\(name)-\(batch).txt", lines)
            let rows = try await fleet.ended(
                try await fleet.submitted(["--each-line", file, "--prompt", "Say {line}."]))
            guard rows.count == lines.count,
                rows.allSatisfy({ $0.state == "succeeded" && $0.result?.contains($0.input) == true })
            else { throw SceneError("batch \(batch): \(rows.filter { $0.state != "succeeded" }.prefix(3))") }
            looks.append((try ProcessWeight(of: agent.pid), try ProcessWeight(of: coordinator.pid)))
        }
        let parts = [
            ("agent", try Self.compare("agent \(name)", looks.map(\.agent))),
            ("coordinator", try Self.compare("coordinator", looks.map(\.coordinator))),
        ]
        await agent.stop(within: .seconds(60))
        return "{\"tasks\":\(tasks),\(parts.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
    }

    private static func compare(_ what: String, _ looks: [ProcessWeight]) throws -> String {
        guard let early = ProcessWeight.median(of: looks[warmUp..<warmUp + compared]),
            let late = ProcessWeight.median(of: looks.suffix(compared))
        else { throw SceneError("nothing was looked at") }
        let ratio = Double(late.residentBytes) / Double(early.residentBytes)
        let series = looks.map(\.json).joined(separator: ",")
        guard ratio <= growthLimit else { throw SceneError("the \(what)'s memory grew \(ratio)-fold: \(series)") }
        guard late.descriptors <= early.descriptors + countsLimit, late.threads <= early.threads + countsLimit else {
            throw SceneError("the \(what)'s descriptors or threads grew: \(series)")
        }
        return
            "{\"memory_ratio\":\(String(format: "%.3f", ratio)),\"early\":\(early.json),\"late\":\(late.json),\"looks\":[\(series)]}"
    }
}
