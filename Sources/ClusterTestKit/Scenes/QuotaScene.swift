import Foundation

/// Many tasks against an API that limits them: no call is refused, and the limit is used to the full.
///
/// The figures are the simulated API's own. The ideal schedule spends its burst at once and then all that flows.
public struct QuotaScene: Sendable {
    /// One variant.
    public struct Plan: Sendable {
        /// What it is called on the command line.
        public var name: String
        /// The API's limits and faults, as anthropic-sim's flags.
        public var api: [String]
        /// What the coordinator is told of the limits.
        public var quotas: [String]
        /// Instances of each agent.
        public var agents = [50]
        /// Tasks of the bulk job.
        public var tasks = 60
        /// Every tenth prompt gets so many words more.
        public var longWords = 0
        /// Tasks of a critical job, submitted one by one while the bulk runs.
        public var critical = 0
        /// Kills of the coordinator while calls go on.
        public var kills = 0
        /// The limit that binds: `requests`, `input_tokens` or `output_tokens`.
        public var binding = "requests"
        /// The most that first to last call may take, against the ideal.
        public var ratio = 1.05
        /// Calls a minute of somebody else, who knows of no limit.
        public var strangers = 0
        /// The share of the fleet's calls that may be refused.
        public var refusedShare = 0.0
        /// The API's own faults make it repeat calls.
        public var hasFaults = false
    }

    /// Every variant.
    public static let plans: [Plan] = [
        Plan(
            name: "requests", api: ["--requests-per-minute", "60", "--requests-burst", "6"],
            quotas: ["claude.requests=60/min,burst=6"]),
        Plan(
            name: "learned", api: ["--requests-per-minute", "60", "--requests-burst", "6"], quotas: [], agents: [1],
            tasks: 20, ratio: 1.2),
        Plan(
            name: "input", api: ["--input-tokens-per-minute", "600000", "--input-burst", "30000"],
            quotas: ["claude.input_tokens=600000/min,burst=30000"], longWords: 60_000, binding: "input_tokens"),
        Plan(
            name: "output",
            api: [
                "--output-tokens-per-minute", "6000", "--output-burst", "600", "--output-tokens", "20-180",
                "--stream-ms",
                "300",
            ], quotas: ["claude.output_tokens=6000/min,burst=600"], binding: "output_tokens"),
        Plan(
            name: "agents", api: ["--requests-per-minute", "120", "--requests-burst", "12"],
            quotas: ["claude.requests=120/min,burst=12,reserve=20%"], agents: [12, 12, 12], tasks: 150, critical: 8),
        Plan(
            name: "kill", api: ["--requests-per-minute", "120", "--requests-burst", "12"],
            quotas: ["claude.requests=120/min,burst=12"], agents: [12, 12], tasks: 90, kills: 1),
        Plan(
            name: "faults",
            api: [
                "--requests-per-minute", "600", "--requests-burst", "20", "--p529", "0.02", "--p500", "0.02", "--pcut",
                "0.01",
            ], quotas: ["claude.requests=600/min,burst=20"], agents: [16, 16], tasks: 200, ratio: 10, hasFaults: true),
        Plan(
            name: "stranger", api: ["--requests-per-minute", "300", "--requests-burst", "20"],
            quotas: ["claude.requests=300/min,burst=20"], agents: [12, 12], tasks: 400, ratio: 10, strangers: 90,
            refusedShare: 0.01),
    ]

    /// The variant that is played.
    public var plan: Plan

    /// Plays that one.
    public init(_ plan: Plan) { self.plan = plan }

    /// Runs it.
    ///
    /// - Returns: the last line, a JSON object.
    public func run(_ bench: Workbench) async throws -> String {
        let api = try await SimulatedAPI.start(bench, ["--seed", "7", "--latency-ms", "100"] + plan.api)
        let fleet = try Fleet(bench, api: api, coordinatorOptions: plan.quotas.flatMap { ["--quota", $0] })
        do {
            let line = try await play(fleet)
            await fleet.stop()
            return line
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail())") }
            await tellStandings(fleet, api)
            await fleet.stop()
            throw error
        }
    }

    /// What else helps to understand a failure, as far as it can still be had.
    private func tellStandings(_ fleet: Fleet, _ api: SimulatedAPI) async {
        do {
            let quota = try await fleet.ccctl(["quota"])
            print("--- ccctl quota\n\(quota.output)\(quota.errors)")
        } catch { print("--- ccctl quota can't be asked: \(error)") }
        do { print("--- /_stats\n\(try await api.stats())") } catch { print("--- /_stats can't be read: \(error)") }
    }

    private func play(_ fleet: Fleet) async throws -> String {
        try await fleet.startCoordinator()
        for (place, instances) in plan.agents.enumerated() {
            try await fleet.startAgent("a\(place + 1)", instances: instances)
        }
        try await fleet.agentsAreLive(plan.agents.count)
        print(
            "\(plan.name): \(plan.tasks) tasks, \(plan.agents.reduce(0, +)) instances, \(plan.api.joined(separator: " "))"
        )
        let lines = (1...plan.tasks).map { number in
            "NONCE-\(number) say one word"
                + (plan.longWords > 0 && number % 10 == 0 ? String(repeating: " x", count: plan.longWords) : "")
        }
        let file = fleet.bench.scratch + "/prompts.txt"
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let job = try await submit(
            fleet, ["--each-line", file, "--prompt", "{line}", "--name", "bulk", "--priority", "bulk"])
        var criticalWaits: [Double] = []
        if plan.critical > 0 {
            // What the start of many instances at once costs a machine is not what is asked here.
            try await eventually("the bulk to be under way", within: .seconds(120)) {
                try await fleet.api.stats().ok >= 20
            }
        }
        for number in 0..<plan.critical {
            let began = ContinuousClock.now
            let urgent = try await submit(
                fleet, ["NONCE-critical-\(number)", "--name", "urgent", "--priority", "critical"])
            let waited = try await fleet.ccctl(["wait", urgent])
            guard waited.code == 0 else { throw SceneError("a critical task failed: \(waited.errors)") }
            criticalWaits.append(Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000)
        }
        for _ in 0..<plan.kills {
            try await eventually("a third of the calls to be made", within: .seconds(300)) {
                try await fleet.api.stats().total >= plan.tasks / 3
            }
            try await fleet.coordinator?.killNow()
            try await fleet.startCoordinator()
        }
        let stranger = plan.strangers > 0 ? Stranger(api: try fleet.api.url, callsPerMinute: plan.strangers) : nil
        let explained = try await explanation(fleet, job)
        let waited = try await fleet.ccctl(["wait", job])
        let strange = await stranger?.stop() ?? Stranger.Counts()
        guard waited.code == 0 else { throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)") }
        return try await summary(fleet, job, criticalWaits, explained, strange)
    }

    /// While the bulk waits, `ccctl quota` shows it.
    private func explanation(_ fleet: Fleet, _ job: String) async throws -> String {
        let quota = try await fleet.ccctl(["quota"])
        guard quota.code == 0 else { throw SceneError("ccctl quota exited \(quota.code): \(quota.errors)") }
        return quota.output
    }

    private func submit(_ fleet: Fleet, _ arguments: [String]) async throws -> String {
        let run = try await fleet.ccctl(["submit"] + arguments + ["--output", "quiet"])
        guard run.code == 0, Int(run.trimmed) != nil else {
            throw SceneError("ccctl submit exited \(run.code): \(run.errors)\(run.output)")
        }
        return run.trimmed
    }

    private struct Summary: Encodable {
        var scene: String
        var tasks, succeeded, calls, ok, status_429, status_529, status_500, cut, peak_open_calls: Int
        var binding: String
        var spent: Int
        var first_to_last_s, ideal_s, ratio: Double
        var critical_wait_max_s: Double?
        var arrivals_peak_per_s: Int
        var strangers_calls, strangers_429: Int
        /// Calls that the CLI repeated by itself: all, and those of them that it had an HTTP status for.
        var api_retries, api_retries_with_status: Int
    }

    private func summary(
        _ fleet: Fleet, _ job: String, _ critical: [Double], _ quota: String, _ stranger: Stranger.Counts
    ) async throws -> String {
        let stats = try await fleet.api.stats()
        let retries = try await apiRetries(fleet)
        let rows = try TaskRow.read(try await fleet.ccctl(["results", job, "--output", "json"]).output)
        guard let first = stats.firstCall, let last = stats.lastCall, let limit = stats.limits[plan.binding],
            let perMinute = limit.limit, let burst = limit.burst
        else { throw SceneError("the simulated API saw no call, or has no limit of \(plan.binding)") }
        // What the last call itself takes need not have flowed before it is let in, but for requests.
        let ideal = max(0.001, Double(limit.used - burst) * 60 / Double(perMinute))
        let seconds = Double(last - first) / 1000
        let summary = Summary(
            scene: plan.name, tasks: rows.count, succeeded: rows.count { $0.state == "succeeded" }, calls: stats.total,
            ok: stats.ok, status_429: stats.status429, status_529: stats.status529, status_500: stats.status500,
            cut: stats.cut, peak_open_calls: stats.peakOpen, binding: plan.binding, spent: limit.used,
            first_to_last_s: seconds, ideal_s: (ideal * 1000).rounded() / 1000,
            ratio: (seconds / ideal * 1000).rounded() / 1000, critical_wait_max_s: critical.max(),
            arrivals_peak_per_s: stats.perSecond.map(\.calls).max() ?? 0, strangers_calls: stranger.calls,
            strangers_429: stranger.refused, api_retries: retries.reduce(0) { $0 + $1.count },
            api_retries_with_status: retries.reduce(0) { $0 + ($1.status > 0 ? $1.count : 0) })
        print(quota)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let line = String(decoding: try encoder.encode(summary), as: UTF8.self)
        try judge(summary, line)
        return line
    }

    /// As the agents counted them in their instances' streams.
    private func apiRetries(_ fleet: Fleet) async throws -> [RetryCount] {
        let quota = try await fleet.ccctl(["quota", "--json"])
        guard quota.code == 0 else { throw SceneError("ccctl quota --json exited \(quota.code): \(quota.errors)") }
        let report = try JSONDecoder().decode([String: RetryCounts].self, from: Data(quota.output.utf8))
        guard let counts = report["claude"]?.api_retries else {
            throw SceneError("ccctl quota --json has no claude.api_retries: \(quota.output)")
        }
        return counts
    }

    private struct RetryCount: Decodable { var error: String, status: Int, count: Int }
    private struct RetryCounts: Decodable { var api_retries: [RetryCount]? }

    private func judge(_ summary: Summary, _ line: String) throws {
        guard summary.succeeded == plan.tasks else { throw SceneError("not every task succeeded: \(line)") }
        let refused = summary.status_429 - summary.strangers_429
        let allowed = Int(Double(summary.calls - summary.strangers_calls) * plan.refusedShare)
        guard refused <= allowed || plan.name == "learned" else { throw SceneError("calls were refused: \(line)") }
        if plan.strangers > 0 {
            guard summary.strangers_calls > 0 else { throw SceneError("the stranger made no call: \(line)") }
        } else if !plan.hasFaults {
            // A call more than tasks would be a repeat, by the CLI or by us.
            guard summary.ok == plan.tasks + plan.critical, summary.calls - summary.status_429 == summary.ok else {
                throw SceneError("calls were repeated: \(line)")
            }
        } else if summary.status_529 + summary.status_500 + summary.cut == 0 {
            throw SceneError("the API had no fault: \(line)")
        }
        // Only a stream that breaks after its first byte can't be repeated by the gateway; it has no status.
        let mayRepeat = plan.hasFaults ? summary.cut : 0
        guard summary.api_retries <= mayRepeat, summary.api_retries_with_status == 0 else {
            throw SceneError("the CLI repeated calls by itself: \(line)")
        }
        guard summary.ratio <= plan.ratio || plan.kills > 0 else { throw SceneError("the limit was not used: \(line)") }
        if plan.kills > 0, summary.first_to_last_s > 1.05 * summary.ideal_s + 4 {
            throw SceneError("the limit was not used around the kill: \(line)")
        }
        if let worst = summary.critical_wait_max_s, worst > 5 {
            throw SceneError("a critical task waited behind bulk: \(line)")
        }
    }
}
