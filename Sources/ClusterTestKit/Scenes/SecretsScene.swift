import Foundation

/// Every task has a secret of its own, many go through few instances, and no request to the API may hold the secret of another task.
public struct SecretsScene: Sendable {
    /// Tasks that must succeed; one more in ten is refused by the API on top of them, since what a failed turn leaves must be gone too.
    public var tasks = 200
    /// `claude` processes of the one agent.
    public var instances = 8
    /// Decides the secrets.
    public var seed: UInt64 = 1

    private static let prefix = "NONCE-secret-"

    /// 200 tasks through 8 instances.
    public init() {}

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    /// - Throws: ``SceneError`` for whatever did not go as it must; the error itself where a file or a call failed.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "\(seed)", "--output-tokens", "5-40"])
        return try await Fleet(bench, api: api).play(play)
    }

    private func play(_ fleet: Fleet) async throws -> String {
        var random = SplitMix(state: seed)
        func secret() -> String {
            Self.prefix + (0..<2).map { _ in String(format: "%016lx", random.next()) }.joined()
        }
        let secrets = (0..<tasks).map { _ in secret() }
        let refused = (0..<tasks / 10).map { _ in secret() }
        var lines: [String] = []
        for (index, secret) in secrets.enumerated() {
            // Tools make several calls of a task, and a call that fails first is sent again: each with all that the conversation holds.
            let script =
                switch index % 5 {
                case 1: " [[bash: echo \(secret) | tee left-behind]]"
                case 3: " [[status-once: 500]]"
                default: ""
                }
            lines.append(#"{"prompt":"The secret is \#(secret).\#(script)","allowed_tools":["Bash"]}"#)
            if index % 10 == 9 {
                let own = refused[index / 10]
                lines.append(#"{"prompt":"The secret is \#(own). [[status: 400]]","allowed_tools":["Bash"]}"#)
            }
        }
        try await fleet.startCoordinator()
        try await fleet.startAgent("host", instances: instances)
        try await fleet.agentsAreLive(1)
        let census = ClaudeCensus(of: fleet.bench.claude, under: [try await fleet.agent("host").pid])
        let watching = Task { try await census.watch() }
        defer { watching.cancel() }
        let job = try await fleet.submitted(["--from-json", try fleet.bench.lines("secrets.jsonl", lines)])
        let rows = try await fleet.ended(job)
        return try await judge(fleet, rows, Set(secrets), Set(refused), processes: census.seen())
    }

    private func judge(
        _ fleet: Fleet, _ rows: [TaskRow], _ secrets: Set<String>, _ refused: Set<String>, processes: Int
    ) async throws -> String {
        let mentions = try await fleet.api.mentions(of: Self.prefix)
        let stats = try await fleet.api.stats()
        guard mentions.kept == mentions.total, mentions.cut == 0 else {
            throw SceneError("of \(mentions.total) requests \(mentions.kept) were kept, \(mentions.cut) of them cut")
        }
        guard mentions.withSeveral == 0 else {
            throw SceneError(
                "\(mentions.withSeveral) requests hold the secrets of several tasks: \(mentions.mixed.prefix(3))")
        }
        // Each request of a task holds its prompt, so its one secret is its own.
        guard mentions.without == 0, mentions.words == secrets.count + refused.count else {
            throw SceneError("\(mentions.without) requests hold no secret; \(mentions.words) secrets were seen in all")
        }
        guard rows.count == secrets.count + refused.count else { throw SceneError("\(rows.count) results") }
        for row in rows {
            guard let own = secrets.first(where: row.input.contains) else {
                guard row.state == "failed", row.error?.class == "permanent", row.result == nil else {
                    throw SceneError(
                        "task \(row.task), which the API refuses, \(row.state): \(row.error?.message ?? "")")
                }
                continue
            }
            guard row.state == "succeeded", let result = row.result, result.contains(own),
                result.components(separatedBy: Self.prefix).dropFirst().allSatisfy({
                    own.hasSuffix($0.prefix { $0.isHexDigit })
                })
            else { throw SceneError("task \(row.task) \(row.state): \(row.error?.message ?? row.result ?? "")") }
        }
        // A conversation for each task: each `/clear` began a new one.
        let sessions = Set(rows.compactMap(\.session_id)).count
        let warm = rows.count - processes
        guard stats.sessions == rows.count, sessions == rows.count else {
            throw SceneError("\(stats.sessions) conversations at the API, \(sessions) told, for \(rows.count) tasks")
        }
        guard processes >= instances, warm >= rows.count * 9 / 10 else {
            throw SceneError(
                "\(processes) processes for \(rows.count) tasks: too few turns were warm to prove anything")
        }
        return """
            {"tasks":\(secrets.count),"succeeded":\(secrets.count),"failed":0,"refused_by_the_api_besides":\(refused.count),\
            "requests":\(mentions.kept),"requests_with_another_tasks_secret":0,"instances":\(instances),\
            "processes":\(processes),"warm_turns":\(warm),"clears":\(sessions - processes),"conversations":\(sessions)}
            """
    }
}
