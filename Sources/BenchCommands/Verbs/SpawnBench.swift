import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation

/// Commands that end at once, through the whole fleet, against what starts them without one.
struct SpawnBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spawn",
        abstract: "Commands a second through coordinator and agent, against xargs.",
        discussion:
            "Each task runs /bin/true, under its guard. xargs -P WIDTH -n1 /bin/true runs as many, in turn with it.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Commands of one run.") var tasks = 2000
    @Option(help: "Commands at once.") var width = 2
    @Option(help: "Runs of each; the median is told.") var runs = 5

    private static let program = "/bin/true"
    /// Not measured.
    private static let warmUpCommands = 100

    func validate() throws {
        try check("tasks", tasks, 1...Limits.tasksPerJob)
        try check("width", width, 1...1000)
        try check("runs", runs, 1...100)
    }

    func run() async throws {
        try await onStage(options) { stage in
            try stage.startCoordinator()
            let client = try stage.client()
            try stage.startAgent(.exec(slots: width, program: Self.program))
            try await stage.agentIsLive(client)
            let lines = stage.scratch.path + "/lines"
            try Data((0..<tasks).map { "\($0)\n" }.joined().utf8).write(to: URL(fileURLWithPath: lines))
            _ = try await runFleet(stage, client, commands: min(tasks, Self.warmUpCommands))
            var fleet: [Double] = []
            var xargs: [Double] = []
            for _ in 0..<runs {
                xargs.append(try await runXargs(stage, lines))
                fleet.append(try await runFleet(stage, client, commands: tasks))
            }
            await client.close()
            report(fleet, xargs).print()
        }
    }

    private func runXargs(_ stage: Stage, _ lines: String) async throws -> Double {
        let start = ContinuousClock.now
        let process = try ChildProcess(
            "xargs", ["/usr/bin/xargs", "-P", "\(width)", "-n1", Self.program], environment: ["PATH": "/usr/bin:/bin"],
            log: stage.scratch.path + "/log/xargs.log", input: lines)
        let code = try await process.ended()
        guard code == 0 else { throw BenchError("xargs ended with status \(code)") }
        return Double(tasks) / (ContinuousClock.now - start).inSeconds
    }

    private func runFleet(_ stage: Stage, _ client: CoordinatorClient, commands: Int) async throws -> Double {
        let start = ContinuousClock.now
        let job = try await client.submitStream(
            JobSpec(name: "bench"), options: [TaskOptions(runner: "exec", command: [Self.program])],
            next: BenchTasks.sequence(commands, bytes: 8)
        ).job
        let summary = try await stage.jobIsFinished(client, job)
        let time = ContinuousClock.now - start
        guard summary.succeeded == UInt32(commands) else {
            throw BenchError("of \(commands) commands \(summary.succeeded) succeeded: \(summary.note)")
        }
        return Double(commands) / time.inSeconds
    }

    private func report(_ fleet: [Double], _ xargs: [Double]) -> BenchReport {
        var report = BenchReport("spawn", options)
        report.add("tasks", tasks)
        report.add("width", width)
        report.add("runs", runs)
        report.add("command", Self.program)
        report.add("per_s", fleet.median)
        report.add("all_per_s", fleet)
        report.add("xargs_per_s", xargs.median)
        report.add("all_xargs_per_s", xargs)
        report.add("ratio", fleet.median / xargs.median)
        return report
    }
}
