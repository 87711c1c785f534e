import ArgumentParser
import ClusterModel
import CoordinatorClient
import ZeroMQ

extension Stagger: ExpressibleByArgument {}

/// Many agents at once, whose tasks take a fixed time: what the coordinator can keep at work.
struct AgentsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents",
        abstract: "Many simulated agents with slow tasks: how much of their slots the coordinator keeps at work.",
        discussion: "The agents are sockets of this program; they have no disk. Only the coordinator is measured.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Agents, each with a connection of its own.") var agents = 100
    @Option(help: "Tasks that an agent takes at once.") var slots = 32
    @Option(help: "How long is measured, after a warm-up.") var seconds = 10
    @Option(help: ArgumentHelp("How long each task takes.", valueName: "s")) var taskSeconds = 1.0
    @Option(help: "Bytes of each prompt.") var payload = 64
    @Option(help: "Whether tasks end at once (none), at once on each agent (agents), or one by one (tasks).")
    var stagger = Stagger.agents
    @Option(help: "Threads of the simulated agents.") var threads = 2

    /// Rounds of all slots before the measurement: the first comes all at once.
    private static let warmUpRounds = 4.0

    func validate() throws {
        try check("agents", agents, 1...10_000)
        try check("slots", slots, 1...30_000)
        try check("seconds", seconds, 1...3600)
        try check("payload", payload, BenchTasks.payloadRange)
        try check("threads", threads, 1...64)
        guard (0.01...3600).contains(taskSeconds) else {
            throw ValidationError("--task-seconds is a number from 0.01 to 3600, found \(taskSeconds)")
        }
        try check("agents times --slots times --seconds / --task-seconds", tasks, 1...Limits.tasksPerJob)
    }

    /// Enough for the warm-up, the measurement and a rest.
    private var tasks: Int {
        let rounds = Self.warmUpRounds + Double(seconds) / taskSeconds + 3
        return Int(min(1e9, (Double(agents * slots) * rounds).rounded(.up)))
    }

    func run() async throws {
        ProcessUse.raiseFileLimit()
        try await onStage(options) { stage in
            try stage.startCoordinator()
            let client = try stage.client()
            let job = try await client.submitStream(
                JobSpec(name: "bench"), options: BenchTasks.noop, next: BenchTasks.sequence(tasks, bytes: payload)
            ).job
            let fleet = try fleet(stage)
            defer { for thread in fleet { thread.stop() } }
            try await measure(stage, client, job, fleet).print()
            await client.close()
        }
    }

    private func fleet(_ stage: Stage) throws -> [FakeAgentThread] {
        let keys = try LoopbackSecret.loadOrCreate(path: stage.secretFile)
        let threads = min(threads, agents)
        return try (0..<threads).map { thread in
            try FakeAgentThread(
                .init(
                    endpoint: stage.agentsEndpoint, keys: keys,
                    agents: agents * thread / threads..<agents * (thread + 1) / threads, slots: slots,
                    task: .seconds(taskSeconds), stagger: stagger))
        }
    }

    private func measure(
        _ stage: Stage, _ client: CoordinatorClient, _ job: JobID, _ fleet: [FakeAgentThread]
    ) async throws -> BenchReport {
        let clock = ContinuousClock()
        let started = clock.now
        let all = agents * slots
        try await stage.until("every slot to have its first task", within: .seconds(600)) {
            try fleet.reduce(0) { try $0 + $1.state().held } >= all * 9 / 10
        }
        let filled = clock.now - started
        try await Task.sleep(for: .seconds(taskSeconds * Self.warmUpRounds))
        let coordinator = try stage.coordinator.pid
        let length = UInt64(seconds) * 1_000_000_000
        let cpuBefore = try ProcessUse.cpuMicroseconds(coordinator)
        let ownBefore = ProcessUse.ownCPUMicroseconds()
        let doneBefore = try await client.job(job).succeeded
        let start = BenchClock.now
        for thread in fleet { thread.measure(start..<start + length) }
        try await Task.sleep(for: .seconds(seconds))
        let cpuAfter = try ProcessUse.cpuMicroseconds(coordinator)
        let ownAfter = ProcessUse.ownCPUMicroseconds()
        let done = try await client.job(job).succeeded - doneBefore
        let resident = try ProcessUse.residentMiB(coordinator)
        guard done > 0 else { throw BenchError("no task ended in \(seconds) s") }
        // Tasks are counted when they end: those under way at the window's end are waited for.
        try await Task.sleep(for: .seconds(taskSeconds + 0.5))
        let meters = try fleet.map { try $0.state().meter }
        let busy = Double(meters.reduce(0) { $0 + $1.busyNanoseconds })
        var report = head(threads: fleet.count)
        report.add("slots_busy", busy / (Double(all) * Double(length)))
        report.add("tasks_per_s", Double(done) / Double(seconds))
        report.add("coordinator_cpu_us_per_task", (cpuAfter - cpuBefore) / Double(done))
        report.add("client_cpu_us_per_task", (ownAfter - ownBefore) / Double(done))
        report.add("coordinator_resident_mib", resident)
        report.add("slots_filled_after_s", filled.inSeconds)
        return report
    }

    private func head(threads: Int) -> BenchReport {
        var report = BenchReport("agents", options)
        report.add("agents", agents)
        report.add("slots", slots)
        report.add("seconds", seconds)
        report.add("task_seconds", taskSeconds)
        report.add("payload", payload)
        report.add("stagger", stagger.rawValue)
        report.add("threads", threads)
        return report
    }
}
