import ArgumentParser
import ClusterModel
import CoordinatorClient
import ZeroMQ

/// How long one has to wait.
struct LatencyBench: AsyncParsableCommand {
    /// What else the coordinator has to do meanwhile.
    enum Load: String, ExpressibleByArgument, CaseIterable { case none, half }

    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "How long a submit and a free slot wait.",
        discussion: """
            submit: from a submit of one task to its acknowledgement, one after the other, on an idle fleet. submit_half_load: \
            the same while the fleet has half the work that it can do (--load half). next_task: from an agent's result \
            to its next task, with a queue that is never empty.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "How long each of them is measured.") var seconds = 10
    @Option(help: "none or half: whether submits are measured under load, too.") var load = Load.none
    @Option(help: "Tasks of the dispatch that finds out what the whole load is.") var calibrate = 50_000
    @Option(help: "Bytes of each prompt.") var payload = 64
    @Option(help: "Slots of the agent that waits for its next task.") var slots = 8

    func validate() throws {
        try check("seconds", seconds, 1...3600)
        try check("calibrate", calibrate, 100...Limits.tasksPerJob)
        try check("payload", payload, BenchTasks.payloadRange)
        try check("slots", slots, 1...30_000)
    }

    func run() async throws {
        var report = BenchReport("latency", options)
        report.add("seconds", seconds)
        report.add("load", load.rawValue)
        report.add("payload", payload)
        report.add("slots", slots)
        try await onStage(options) { stage in
            try stage.startCoordinator()
            let client = try stage.client()
            try stage.startAgent(.noop(capacity: 4096))
            try await stage.agentIsLive(client)
            report.add("submit", try await submits(client))
            if load == .half {
                let whole = try await DispatchCycle(stage, client, tasks: calibrate, payload: payload).cyclesPerSecond
                let (latencies, rate) = try await submitsUnderLoad(stage, client, perSecond: whole / 2)
                report.add("submit_half_load", latencies)
                report.add("whole_load_per_s", whole)
                report.add("load_per_s", rate)
            }
            try await stage.stopAgent()
            report.add("next_task", try await slotToTask(stage, client))
            await client.close()
        }
        report.print()
    }

    private func submits(_ client: CoordinatorClient) async throws -> Latencies {
        var latencies = Latencies()
        let end = BenchClock.now + UInt64(seconds) * 1_000_000_000
        while BenchClock.now < end {
            let start = BenchClock.now
            _ = try await client.submitStream(
                JobSpec(name: "bench"), options: BenchTasks.noop, next: BenchTasks.sequence(1, bytes: payload))
            latencies.record(nanoseconds: BenchClock.now - start)
        }
        return latencies
    }

    /// A second client keeps the fleet at work meanwhile, with a hundred batches a second.
    private func submitsUnderLoad(_ stage: Stage, _ client: CoordinatorClient, perSecond rate: Double) async throws -> (
        Latencies, Double
    ) {
        let batch = max(1, min(Limits.tasksPerMessage, Int(rate / 100)))
        let other = try stage.client(batch: batch)
        let count = min(Limits.tasksPerJob, max(batch, Int(rate * Double(seconds))))
        let payload = payload
        let work = Task {
            let start = ContinuousClock.now
            let next = BenchTasks.sequence(count, bytes: payload)
            var given = 0
            let job = try await other.submitStream(JobSpec(name: "load"), options: BenchTasks.noop) {
                // A batch at a time, each when it is due.
                if given.isMultiple(of: batch) {
                    try await Task.sleep(until: start + .seconds(Double(given) / rate), tolerance: .zero)
                }
                given += 1
                return try await next()
            }.job
            return (job, ContinuousClock.now - start)
        }
        defer { work.cancel() }
        let latencies = try await submits(client)
        let (job, time) = try await work.value
        try await stage.until("the load's end", within: .seconds(3600)) { try await other.job(job).isFinished }
        await other.close()
        return (latencies, Double(count) / time.inSeconds)
    }

    private func slotToTask(_ stage: Stage, _ client: CoordinatorClient) async throws -> Latencies {
        // More than one slot after the other can use.
        let backlog = min(Limits.tasksPerJob, 5000 * seconds + slots)
        _ = try await client.submitStream(
            JobSpec(name: "slots"), options: BenchTasks.noop, next: BenchTasks.sequence(backlog, bytes: payload))
        let agent = try FakeAgentProbe(
            endpoint: stage.agentsEndpoint, keys: try LoopbackSecret.loadOrCreate(path: stage.secretFile), slots: slots)
        defer { agent.stop() }
        try await stage.until("the agent's first task", within: .seconds(60)) { try agent.firstAssigned() != nil }
        agent.measure()
        try await Task.sleep(for: .seconds(seconds))
        let latencies = try agent.latencies()
        guard latencies.count > 0 else { throw BenchError("no slot got a second task in \(seconds) s") }
        return latencies
    }
}
