import Foundation

/// Conversations of five turns on few instances that are replaced all the time, with turns that fail, copies, and an agent that is killed: every
/// call that the API sees must hold what was said before in its own conversation, in order, and nothing of any other.
public struct ContextsScene: Sendable {
    /// Conversations, copies not counted.
    public var contexts = 30
    /// Turns of each.
    public var turns = 5
    /// `claude` processes of each of the two agents.
    public var instances = 4

    /// Thirty conversations of five turns, on eight instances.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(
            bench, ["--seed", "11", "--latency-ms", "60", "--latency-jitter-ms", "120", "--output-tokens", "5-20"])
        let fleet = try Fleet(bench, api: api, coordinatorOptions: ["--lease", "4s"])
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

    /// A task, and what the call that begins its turn must hold.
    private struct Planned {
        var context: String
        var prompt: String
        var fork: String?
        /// The words of all turns of its conversation so far, its own last.
        var words: [String]
        /// The place of the turn before it.
        var before: Int?
        var isFaulty: Bool
    }

    /// Conversation by conversation, so that most turns find their instance waiting; copies of some, of their whole or of their beginning.
    private func plan() -> [Planned] {
        var tasks: [Planned] = []
        func add(_ context: String, _ turn: Int, after before: Int?, fork: String? = nil) {
            let word = "NONCE-\(context)-turn\(turn)"
            let isFaulty = turn == 3 && context.hasSuffix("7") || turn == 5 && context.hasSuffix("4")
            tasks.append(
                Planned(
                    context: context,
                    prompt: "\(word) [[say: noted]]" + (isFaulty ? " [[status-once: 403]]" : "")
                        + (turn == 2 && context.hasSuffix("1") ? " [[bash: echo hello]]" : ""),
                    fork: fork, words: (before.map { tasks[$0].words } ?? []) + [word], before: before,
                    isFaulty: isFaulty))
        }
        for number in 0..<contexts {
            let context = "c\(number)"
            var last: Int?
            for turn in 1...turns {
                add(context, turn, after: last)
                last = tasks.count - 1
                // In the middle of its parent, or at its end.
                guard number % 6 == 1, turn == (number % 12 == 1 ? 3 : turns) else { continue }
                add("fork\(number)", 1, after: last, fork: context)
                add("fork\(number)", 2, after: tasks.count - 1)
            }
        }
        return tasks
    }

    private func play(_ fleet: Fleet) async throws -> String {
        let bench = fleet.bench
        let plan = plan()
        let recycling = ["CCO_TASKS_PER_INSTANCE": "3"]
        try await fleet.startCoordinator()
        try await fleet.startAgent("east", instances: instances, environment: recycling)
        try await fleet.startAgent("west", instances: instances, environment: recycling)
        try await fleet.agentsAreLive(2)
        let encoder = JSONEncoder()
        let lines = try plan.map { task -> String in
            var fields = ["prompt": task.prompt, "context": task.context]
            fields["fork"] = task.fork
            return String(decoding: try encoder.encode(fields), as: UTF8.self)
        }
        let file = bench.scratch + "/turns.jsonl"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let job = try await fleet.ccctl([
            "submit", "--from-json", file, "--allowed-tools", "Bash", "--output", "quiet",
        ])
        guard job.code == 0 else { throw SceneError("ccctl submit exited \(job.code): \(job.errors)") }
        try await eventually("a third of the turns to be made", within: .seconds(240)) {
            try await fleet.api.stats().ok >= plan.count / 3
        }
        try await fleet.agents["west"]?.killNow()
        try await fleet.startAgent("west", instances: instances, environment: recycling)
        let waited = try await fleet.ccctl(["wait", job.trimmed])
        guard waited.code == 0 else {
            let tasks = try await fleet.ccctl(["results", job.trimmed])
            throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)\n\(tasks.output)")
        }
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job.trimmed, "--output", "json"]).output)
        return try await summary(plan, rows, fleet)
    }

    private struct Summary: Encodable {
        var scene = "contexts"
        var contexts, turns, succeeded, forks: Int
        /// Calls that began a turn, and those of them that held anything but what they must.
        var calls, wrong: Int
        /// Turns without any right call.
        var missing: Int
        /// Turns on the instance of the turn before, and on another.
        var warm, resumed: Int
        /// Turns that took more than one attempt; of those, the ones that the API refused once.
        var retried, refused: Int
        var instances: Int
    }

    private func summary(_ plan: [Planned], _ rows: [TaskRow], _ fleet: Fleet) async throws -> String {
        guard rows.count == plan.count else { throw SceneError("\(rows.count) results of \(plan.count) tasks") }
        var byWord: [String: Int] = [:]
        for (place, task) in plan.enumerated() { byWord[task.words.last ?? ""] = place }
        var seen: Set<Int> = []
        var wrong: [[String]] = []
        let calls = try await fleet.api.conversations()
        for call in calls {
            guard let place = byWord[call.nonces.last ?? ""], plan[place].words == call.nonces,
                call.mentions.allSatisfy({ $0 == 1 })
            else {
                wrong.append(call.nonces)
                continue
            }
            seen.insert(place)
        }
        let followers = plan.indices.filter { plan[$0].before != nil }
        let warm = followers.count { rows[$0].instance == rows[plan[$0].before ?? 0].instance }
        let summary = Summary(
            contexts: Set(plan.map(\.context)).count, turns: plan.count,
            succeeded: rows.count { $0.state == "succeeded" }, forks: plan.count { $0.fork != nil },
            calls: calls.count, wrong: wrong.count, missing: plan.count - seen.count, warm: warm,
            resumed: followers.count - warm, retried: rows.count { $0.attempts > 1 },
            refused: plan.indices.count { plan[$0].isFaulty && rows[$0].attempts > 1 },
            instances: Set(rows.compactMap(\.instance)).count)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let line = String(decoding: try encoder.encode(summary), as: UTF8.self)
        guard summary.succeeded == plan.count else { throw SceneError("not every turn succeeded: \(line)") }
        guard wrong.isEmpty, summary.missing == 0 else {
            throw SceneError(
                "calls held what they must not, or not what they must: \(line)\n"
                    + wrong.prefix(10).map { $0.joined(separator: " ") }.joined(separator: "\n"))
        }
        for (count, what) in [
            (summary.warm, "turns on the instance of the turn before"), (summary.resumed, "resumed turns"),
            (summary.retried, "retried turns"), (summary.refused, "refused turns"), (summary.forks, "copies"),
        ] where count == 0 {
            throw SceneError("there were no \(what): \(line)")
        }
        return line
    }
}
