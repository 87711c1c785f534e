import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation

/// What the pool costs a turn of `claude`, against a loop over the pipes of the same binary in the same run.
struct PoolBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract:
            "Turns of the real claude through the fleet, against a loop over its own pipes; memory of an instance.",
        discussion: """
            Each run does the same turns, a new conversation each, with one process: first alone, then through coordinator, \
            agent and gateway. The API is anthropic-sim beside this program, unless --api names another.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: ArgumentHelp("The Claude Code CLI. Default: $CLAUDE, else claude on the PATH.", valueName: "path"))
    var claude: String?
    @Option(help: ArgumentHelp("The base address of a Messages API.", valueName: "url")) var api: String?
    @Option(help: "Turns of a run, each after a /clear.") var turns = 100
    @Option(help: "Runs of each; medians are told.") var runs = 5
    @Option(help: "Instances whose memory is measured, at once.") var instances = 4

    func validate() throws {
        try check("turns", turns, 1...100_000)
        try check("runs", runs, 1...100)
        try check("instances", instances, 1...1000)
    }

    func run() async throws {
        let path = try claudePath()
        try await onStage(options) { stage in
            let api: String
            if let named = self.api { api = named } else { api = try await stage.startAPI() }
            try stage.startCoordinator()
            let client = try stage.client()
            var raw: [PoolRun] = []
            var fleet: [PoolRun] = []
            for number in 0..<runs {
                raw.append(
                    try PoolRun.raw(path, api: api, folder: "\(stage.scratch.path)/raw-\(number)", turns: turns))
                try stage.startAgent(.claude(instances: 1, path: path, api: api))
                try await stage.agentIsLive(client)
                fleet.append(try await PoolRun.fleet(stage, client, turns: turns))
                try await stage.stopAgent()
            }
            let weights = try await weigh(stage, client, path, api)
            await client.close()
            report(raw, fleet, weights).print()
        }
    }

    private func claudePath() throws -> String {
        let named = claude ?? ProcessInfo.processInfo.environment["CLAUDE"].flatMap { $0.isEmpty ? nil : $0 }
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/claude" }
        let candidates = named.map { [URL(fileURLWithPath: $0).path] } ?? places
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw BenchError("there is no claude at \(named ?? "any place of the PATH"): name one with --claude")
        }
        return path
    }

    /// Resident memory with every instance at work, in MiB.
    private struct Weights {
        var agent = 0.0, guards = 0.0, claudes: [Double] = []
    }

    private func weigh(_ stage: Stage, _ client: CoordinatorClient, _ path: String, _ api: String) async throws
        -> Weights
    {
        let agent = try stage.startAgent(.claude(instances: instances, path: path, api: api))
        try await stage.agentIsLive(client)
        var number = 0
        let count = instances
        // Each waits, so that none is there to take the next one's task.
        let job = try await client.submitStream(JobSpec(name: "bench"), options: [TaskOptions()]) {
            number += 1
            return number > count ? nil : TaskSpec(prompt: .text("[[sleep: 3000]] \(PoolRun.prompt(number))"))
        }.job
        let summary = try await stage.jobIsFinished(client, job)
        guard summary.succeeded == UInt32(count) else { throw BenchError("\(count) tasks: \(summary.note)") }
        var weights = Weights()
        weights.agent = try ProcessUse.residentMiB(agent.pid)
        for keeper in ProcessUse.children(of: agent.pid) {
            weights.guards += try ProcessUse.residentMiB(keeper)
            for claude in ProcessUse.children(of: keeper) { weights.claudes.append(try ProcessUse.residentMiB(claude)) }
        }
        try await stage.stopAgent()
        return weights
    }

    private func report(_ raw: [PoolRun], _ fleet: [PoolRun], _ weights: Weights) -> BenchReport {
        func medians(_ part: (PoolRun) -> Double) -> (raw: Double, fleet: Double) {
            (raw.map(part).median, fleet.map(part).median)
        }
        let added = zip(fleet, raw).map { $0.perTurn - $1.perTurn }
        let addedPerTask = zip(fleet, raw).map { $0.perTask - $1.perTask }
        var report = BenchReport("pool", options)
        report.add("turns", turns)
        report.add("runs", runs)
        report.add("turn_ms", medians(\.perTurn).fleet)
        report.add("raw_turn_ms", medians(\.perTurn).raw)
        report.add("added_ms_a_turn", added.median)
        report.add("all_added_ms_a_turn", added)
        report.add("task_ms", medians(\.perTask).fleet)
        report.add("raw_task_ms", medians(\.perTask).raw)
        report.add("added_ms_a_task", addedPerTask.median)
        report.add("all_added_ms_a_task", addedPerTask)
        report.add("switch", Self.latencies(fleet))
        report.add("raw_switch", Self.latencies(raw))
        report.add("spawn_ms", medians(\.spawn).fleet)
        report.add("raw_spawn_ms", medians(\.spawn).raw)
        report.add("first_result_ms", medians(\.cold).fleet)
        report.add("raw_first_result_ms", medians(\.cold).raw)
        report.add("instances", weights.claudes.count)
        report.add("mib_an_instance", weights.claudes.median)
        report.add("agent_mib", weights.agent)
        report.add("guards_mib", weights.guards)
        report.add("agent_and_guards_mib", weights.agent + weights.guards)
        report.add("agent_mib_limit", 60 + weights.claudes.count)
        return report
    }

    private static func latencies(_ runs: [PoolRun]) -> Latencies {
        var latencies = Latencies()
        for time in runs.flatMap(\.switches) { latencies.record(nanoseconds: UInt64(max(0, time) * 1_000_000)) }
        return latencies
    }
}
