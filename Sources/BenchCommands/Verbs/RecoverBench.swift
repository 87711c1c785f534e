import ArgumentParser
import ClusterModel
import CoordinatorClient
import ZeroMQ

/// A coordinator with a long queue is killed: how soon the work goes on.
struct RecoverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Kills a coordinator with a long queue: the time until work goes on, and its memory.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Tasks in the queue.") var tasks = 1_000_000
    @Option(help: "Bytes of each prompt.") var payload = 1024
    @Option(help: "Kills, of which the median is told.") var runs = 3

    func validate() throws {
        try check("tasks", tasks, 100...Limits.tasksPerJob)
        try check("payload", payload, BenchTasks.payloadRange)
        try check("runs", runs, 1...100)
    }

    /// Of one kill.
    private struct Recovery {
        var seconds: Double
        var residentMiB: Double
        var peakMiB: Double
    }

    func run() async throws {
        try await onStage(options) { stage in
            try stage.startCoordinator()
            let client = try stage.client()
            let start = ContinuousClock.now
            let job = try await client.submitStream(
                JobSpec(name: "bench"), options: BenchTasks.noop, next: BenchTasks.sequence(tasks, bytes: payload)
            ).job
            let submitTime = ContinuousClock.now - start
            let queued = try ProcessUse.residentMiB(try stage.coordinator.pid)
            let queuedPeak = try ProcessUse.peakResidentMiB(try stage.coordinator.pid)
            var recoveries: [Recovery] = []
            for number in 0..<runs { recoveries.append(try await recover(stage, number)) }
            let found = try await client.job(job).tasks
            guard found == UInt32(tasks) else {
                throw BenchError("\(tasks) tasks were acknowledged, and \(found) are there after a SIGKILL")
            }
            await client.close()

            var report = BenchReport("recover", options)
            report.add("tasks", tasks)
            report.add("payload", payload)
            report.add("runs", runs)
            report.add("submit_per_s", Double(tasks) / submitTime.inSeconds)
            report.add("resident_mib_queued", queued)
            report.add("peak_mib_queued", queuedPeak)
            report.add("resident_mib_recovered", recoveries.map(\.residentMiB).median)
            report.add("peak_mib_recovered", recoveries.map(\.peakMiB).median)
            report.add("kill_to_first_assignment_s", recoveries.map(\.seconds).median)
            report.add("all_s", recoveries.map(\.seconds))
            report.add("recounted", found)
            report.print()
        }
    }

    /// Each kill meets an agent of its own, which waits for work and holds nothing; what an earlier one was given stays its own.
    private func recover(_ stage: Stage, _ number: Int) async throws -> Recovery {
        let keys = try LoopbackSecret.loadOrCreate(path: stage.secretFile)
        let killedAt = BenchClock.now
        try stage.coordinator.killNow()
        try stage.startCoordinator()
        let agent = try FakeAgentProbe(
            endpoint: stage.agentsEndpoint, keys: keys, number: number, slots: 8)
        defer { agent.stop() }
        try await stage.until("the first task after the kill", within: .seconds(600)) {
            try agent.firstAssigned() != nil
        }
        guard let first = try agent.firstAssigned() else { throw BenchError("no task came after the kill") }
        let pid = try stage.coordinator.pid
        return Recovery(
            seconds: Double(first - killedAt) / 1e9, residentMiB: try ProcessUse.residentMiB(pid),
            peakMiB: try ProcessUse.peakResidentMiB(pid))
    }
}
