import ArgumentParser
import ClusterModel
import CoordinatorClient

/// Full durable cycles: submit, assign, result; each acknowledged when it is on disk.
struct DispatchBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch",
        abstract: "Full cycles a second: submit, assign, result, each on disk before it is acknowledged.",
        discussion: """
            An agent answers each task with its prompt. After the last run the coordinator is killed and started again, \
            and every result that was acknowledged is read and compared with its prompt (recounted).
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Tasks of a run's job.") var tasks = 200_000
    @Option(help: "Bytes of each prompt, and so of each answer.") var payload = 64
    @Option(help: "Tasks of one message of the submit, at the most.") var batch = Limits.tasksPerMessage
    @Option(help: "Runs, of which the median is told.") var runs = 3
    @Option(help: "Tasks that the agent holds at once.") var capacity = 4096
    @Option(help: "Tasks of a paused job that are queued before.") var backlog = 0

    /// A first job that is not measured: connections, caches, the agent's start.
    private static let warmUpTasks = 10_000

    func validate() throws {
        try check("tasks", tasks, 1...Limits.tasksPerJob)
        try check("payload", payload, BenchTasks.payloadRange)
        try check("batch", batch, 1...Limits.tasksPerMessage)
        try check("runs", runs, 1...100)
        try check("capacity", capacity, 1...30_000)
        try check("backlog", backlog, 0...Limits.tasksPerJob)
    }

    func run() async throws {
        try await onStage(options) { stage in
            try stage.startCoordinator()
            let client = try stage.client(batch: batch)
            if backlog > 0 {
                _ = try await client.submitStream(
                    JobSpec(name: "backlog", isPaused: true), options: BenchTasks.noop,
                    next: BenchTasks.sequence(backlog, bytes: payload))
            }
            let agent = try stage.startAgent(.noop(capacity: capacity))
            try await stage.agentIsLive(client)
            let warmUp = try await DispatchCycle(
                stage, client, tasks: min(tasks, Self.warmUpTasks), payload: payload)
            let coordinator = try stage.coordinator
            let commits = try await client.serverInfo().commits
            let before = try CPUTimes(coordinator, agent)
            var cycles: [DispatchCycle] = []
            for _ in 0..<runs {
                cycles.append(try await DispatchCycle(stage, client, tasks: tasks, payload: payload))
            }
            let perTask = (try CPUTimes(coordinator, agent) - before) / Double(tasks * runs)
            var report = head()
            report.add("cycles_per_s", cycles.map(\.cyclesPerSecond).median)
            report.add("all_cycles_per_s", cycles.map(\.cyclesPerSecond))
            report.add("submit_per_s", cycles.map(\.submitsPerSecond).median)
            report.add("all_submit_per_s", cycles.map(\.submitsPerSecond))
            report.add("commits", try await client.serverInfo().commits - commits)
            report.add("coordinator_cpu_us_per_task", perTask.coordinator)
            report.add("agent_cpu_us_per_task", perTask.agent)
            report.add("client_cpu_us_per_task", perTask.client)
            report.add("coordinator_resident_mib", try ProcessUse.residentMiB(coordinator.pid))
            coordinator.killNow()
            try stage.startCoordinator()
            let recounted = try await recount(client, [warmUp] + cycles)
            await client.close()
            let expected = ([warmUp] + cycles).reduce(0) { $0 + $1.tasks }
            report.add("recounted", recounted)
            report.add("lost", expected - recounted)
            report.print()
            guard recounted == expected else {
                throw BenchError("\(expected) results were acknowledged, and \(recounted) are there after a SIGKILL")
            }
        }
    }

    private func head() -> BenchReport {
        var report = BenchReport("dispatch", options)
        report.add("tasks", tasks)
        report.add("payload", payload)
        report.add("batch", batch)
        report.add("runs", runs)
        report.add("capacity", capacity)
        report.add("backlog", backlog)
        return report
    }

    /// The tasks that ended well and whose answer is their prompt.
    private func recount(_ client: CoordinatorClient, _ cycles: [DispatchCycle]) async throws -> Int {
        var count = 0
        for cycle in cycles {
            var next: UInt32? = 0
            while let first = next {
                let page = try await client.results(of: cycle.job, from: first)
                for result in page.results where result.state == .succeeded {
                    if result.answer == .text(BenchTasks.prompt(result.task.index, bytes: payload)) { count += 1 }
                }
                next = page.nextIndex
            }
        }
        return count
    }
}

/// Microseconds of processor time, all threads.
private struct CPUTimes {
    var coordinator: Double
    var agent: Double
    var client: Double

    /// So far.
    init(_ coordinator: ChildProcess, _ agent: ChildProcess) throws {
        self.coordinator = try ProcessUse.cpuMicroseconds(coordinator.pid)
        self.agent = try ProcessUse.cpuMicroseconds(agent.pid)
        client = ProcessUse.ownCPUMicroseconds()
    }

    static func - (later: CPUTimes, earlier: CPUTimes) -> CPUTimes {
        var difference = later
        difference.coordinator -= earlier.coordinator
        difference.agent -= earlier.agent
        difference.client -= earlier.client
        return difference
    }

    static func / (times: CPUTimes, tasks: Double) -> CPUTimes {
        var share = times
        share.coordinator /= tasks
        share.agent /= tasks
        share.client /= tasks
        return share
    }
}
