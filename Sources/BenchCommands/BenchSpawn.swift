import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation

struct BenchSpawn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spawn",
        abstract: "Commands a second through coordinator and agent, against `xargs -P` on the same machine.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Commands of a run.") var tasks = 5000
    @Option(help: "Commands at once.") var width = 2
    @Option(help: "The command.") var command = "/bin/true"
    @Option(help: "Runs of each, in turn, of which the median is given.") var runs = 3

    func validate() throws {
        guard tasks > 0, (1...256).contains(width), runs > 0 else {
            throw ValidationError("--tasks and --runs are at least 1, --width is 1 to 256")
        }
    }

    func run() async throws {
        let fleet = try BenchFleet(options)
        defer { fleet.end() }
        let client = try await fleet.startCoordinator()
        _ = try fleet.startAgent(
            "bench", ["--runner", "exec", "--instances", "\(width)"], environment: ["CCO_POLICY_COMMANDS": "*"])
        let exec = TaskOptions(runner: "exec", command: [command])
        _ = try await BenchJobs.finished(
            client, try await BenchJobs.submit(client, tasks: min(100, tasks), payload: 16, exec).job)
        var own: [Double] = []
        var others: [Double] = []
        for _ in 0..<runs {
            let begin = monotonicSeconds()
            _ = try await BenchJobs.finished(
                client, try await BenchJobs.submit(client, tasks: tasks, payload: 16, exec).job)
            own.append(Double(tasks) / (monotonicSeconds() - begin))
            others.append(try xargs(fleet))
        }
        await client.close()
        try Figures.print([
            "bench": "spawn", "tasks": tasks, "width": width, "command": command, "runs": runs,
            "durability": options.durability, "per_s": Figures.median(own).rounded(),
            "xargs_per_s": Figures.median(others).rounded(),
            "ratio": Figures.rounded(Figures.median(own) / Figures.median(others), 3),
        ])
    }

    private func xargs(_ fleet: BenchFleet) throws -> Double {
        let lines = fleet.directory + "/lines"
        try String(repeating: "x\n", count: tasks).write(toFile: lines, atomically: false, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/xargs")
        process.arguments = ["-P", "\(width)", "-n", "1", command]
        process.standardInput = FileHandle(forReadingAtPath: lines)
        process.standardOutput = FileHandle.nullDevice
        let begin = monotonicSeconds()
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("xargs ended with \(process.terminationStatus)") }
        return Double(tasks) / (monotonicSeconds() - begin)
    }
}
