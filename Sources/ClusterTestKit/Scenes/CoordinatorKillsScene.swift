import Foundation

/// The coordinator is killed again and again, each time with calls open and a result that it has not acknowledged; nothing may be lost
/// and no prompt may be asked twice.
public struct CoordinatorKillsScene: Sendable {
    /// How often the coordinator is killed and started again.
    public var kills = 20
    /// Tasks of the one job; with too few, no call is open at the last kills and the scene fails.
    public var tasks = 240
    /// `claude` processes of each of the two agents.
    public var instances = 4
    /// Decides the pauses between the kills, and the simulated API's draws.
    public var seed: UInt64 = 1

    /// Twenty kills over 240 tasks, seed 1.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(
            bench,
            ["--seed", "\(seed)", "--latency-ms", "500", "--latency-jitter-ms", "500", "--output-tokens", "5-20"])
        let fleet = try Fleet(bench, api: api)
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail(40))") }
            print("seed \(seed)")
            await fleet.stop()
            throw error
        }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let bench = fleet.bench
        var random = SplitMix(state: seed)
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: instances)
        try await fleet.startAgent("west", instances: instances)
        try await fleet.agentsAreLive(2)
        let lines = (1...tasks).map { "NONCE-kill-\(seed)-\($0)" }
        let file = bench.scratch + "/lines.txt"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let job = try await fleet.ccctl(["submit", "--each-line", file, "--prompt", "Say {line}", "--output", "quiet"])
        guard job.code == 0 else { throw SceneError("ccctl submit exited \(job.code): \(job.errors)") }
        var done = 0
        var unacknowledged = 0
        for kill in 1...kills {
            try await Task.sleep(for: .milliseconds(Int(random.next() % 700)))
            let moment = try await killOnce(fleet)
            done += 1
            unacknowledged += moment.unacknowledged
            print(
                "kill \(kill): \(moment.open) calls open, \(moment.unacknowledged) results held by agents and not on the coordinator's disk"
            )
        }
        // `wait` rides through; it is started after the last restart only because its own restart is tested elsewhere.
        let waited = try await fleet.ccctl(["wait", job.trimmed])
        guard waited.code == 0 else {
            throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)\(waited.output)")
        }
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job.trimmed, "--output", "json"]).output)
        let prompts = try await fleet.api.prompts().filter { $0.nonces.contains { $0.hasPrefix("NONCE-kill") } }
        guard rows.count == tasks, Set(rows.map(\.task)).count == tasks else {
            throw SceneError(
                "\(rows.count) records of \(Set(rows.map(\.task)).count) tasks, where each of \(tasks) has one")
        }
        for (row, line) in zip(rows, lines) where row.state != "succeeded" || row.result?.contains(line) != true {
            throw SceneError("task \(row.task) \(row.state): \(row.error?.message ?? row.result ?? "")")
        }
        let repeated = prompts.filter { $0.arrived != 1 }
        guard repeated.isEmpty, prompts.count == tasks else {
            throw SceneError(
                "\(prompts.count) prompts reached the API, \(repeated.count) more than once: \(repeated.prefix(3))")
        }
        return """
            {"tasks":\(tasks),"succeeded":\(rows.count),"failed":0,"coordinator_kills":\(done),\
            "unacknowledged_results_at_kills":\(unacknowledged),"prompts_seen_twice":0,"seed":\(seed)}
            """
    }

    private struct KillMoment {
        var open: Int
        var unacknowledged: Int
    }

    /// Stands the coordinator still, waits until an agent has a result that it can't hand over, and kills it there.
    private func killOnce(_ fleet: Fleet) async throws -> KillMoment {
        guard let coordinator = await fleet.coordinator else { throw SceneError("no coordinator runs") }
        for _ in 1...Self.momentsAtMost {
            // Only when the fleet is at work again can a kill interrupt anything.
            try await eventually("six calls open", within: .seconds(60)) {
                try await fleet.api.stats().openNow >= 6
            }
            coordinator.signal(SIGSTOP)
            let before = try await heldResults(fleet)
            try await eventually("a result on an agent's disk while the coordinator stands still", within: .seconds(20))
            {
                try await !heldResults(fleet).isSubset(of: before)
            }
            let stats = try await fleet.api.stats()
            if stats.openNow >= 4 { return try await killNow(coordinator, fleet, stats) }
            // Too many ended together: this was no moment to kill at.
            coordinator.signal(SIGCONT)
        }
        throw SceneError("\(Self.momentsAtMost) moments had fewer than 4 calls open")
    }

    /// Moments that are tried for one kill.
    private static let momentsAtMost = 20

    private func killNow(
        _ coordinator: ManagedProcess, _ fleet: Fleet, _ stats: SimulatedAPI.Stats
    ) async throws -> KillMoment {
        let held = try await heldResults(fleet)
        try await coordinator.killNow()
        let unacknowledged = try await Disks.withoutEnd(held, in: fleet.dataDirectory).count
        guard unacknowledged >= 1 else { throw SceneError("every result that an agent held was recorded") }
        try await fleet.startCoordinator()
        return KillMoment(open: stats.openNow, unacknowledged: unacknowledged)
    }

    /// The tasks whose results the agents hold on their own disks, because nobody has acknowledged them.
    private func heldResults(_ fleet: Fleet) async throws -> Set<Int64> {
        var held: Set<Int64> = []
        for agent in ["east", "west"] {
            held.formUnion(try await Disks.heldTasks(ofAgent: "\(fleet.bench.scratch)/\(agent)"))
        }
        return held
    }
}

/// SplitMix64: a scene's moments repeat with its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
