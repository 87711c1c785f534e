import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation
import Synchronization

struct BenchLatency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Submit to acknowledged, alone and under half of the measured load, and free slot to next task.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Seconds of each part.") var seconds = 5.0
    @Option(help: "Tasks of the run that measures the full load.") var tasks = 200_000

    func validate() throws {
        guard seconds > 0, tasks >= 100 else { throw ValidationError("--seconds is more than 0, --tasks at least 100") }
    }

    func run() async throws {
        let fleet = try BenchFleet(options)
        defer { fleet.end() }
        let client = try await fleet.startCoordinator()
        var fields: [String: Any] = ["bench": "latency", "seconds": seconds, "durability": options.durability]
        fields.merge(try await slots(fleet, client)) { old, _ in old }
        _ = try fleet.startAgent("bench", ["--runner", "noop", "--offer-noop"])
        _ = try await BenchJobs.finished(client, try await BenchJobs.submit(client, tasks: 1000, payload: 64).job)
        fields.merge(try await submits(client).fields("submit")) { old, _ in old }
        let begin = monotonicSeconds()
        _ = try await BenchJobs.finished(client, try await BenchJobs.submit(client, tasks: tasks, payload: 64).job)
        let rate = Double(tasks) / (monotonicSeconds() - begin)
        let load = try fleet.connect()
        let source = PacedSource(rate: rate / 2, seconds: seconds + 1)
        async let loading = load.submitStream(JobSpec(), options: [TaskOptions(priority: .low, runner: "noop")]) {
            try await source.next()
        }
        try await Task.sleep(for: .milliseconds(500))
        fields.merge(try await submits(client).fields("submit_half_load")) { old, _ in old }
        let loaded = try await loading
        guard loaded.taskCount > 0 else { throw BenchError("the load had no task") }
        fields["load_per_s"] = Figures.rounded(Double(loaded.taskCount) / (seconds + 1))
        await load.close()
        await client.close()
        try Figures.print(fields)
    }

    /// One single-task job after the other.
    private func submits(_ client: CoordinatorClient) async throws -> Durations {
        var found = Durations()
        let end = monotonicSeconds() + seconds
        while monotonicSeconds() < end {
            let begin = monotonicSeconds()
            _ = try await BenchJobs.submit(client, tasks: 1, payload: 64)
            found.add(monotonicSeconds() - begin)
        }
        return found
    }

    /// An agent with one slot: from its result to its next task.
    private func slots(_ fleet: BenchFleet, _ client: CoordinatorClient) async throws -> [String: Any] {
        let (events, feed) = AsyncStream<[AttemptToken]>.makeStream()
        let fakes = try FakeFleet(1, capacity: 1, endpoint: fleet.agentsEndpoint, secretFile: fleet.secretFile) {
            _, tokens in
            feed.yield(tokens)
        }
        defer { fakes.end() }
        try await fakes.welcomed()
        let job = try await BenchJobs.submit(client, tasks: 100_000, payload: 64).job
        var found = Durations()
        let end = monotonicSeconds() + seconds
        var freed: Double?
        for await tokens in events {
            let now = monotonicSeconds()
            if let freed { found.add(now - freed) }
            if now >= end { break }
            freed = monotonicSeconds()
            fakes.agents[0].finish(tokens)
        }
        _ = try await client.cancel(job)
        return found.fields("next_task")
    }
}

/// Tasks at a steady rate.
final class PacedSource: @unchecked Sendable {
    // One submit asks it, one task after the other.
    private let rate: Double
    private let begin = monotonicSeconds()
    private let end: Double
    private var given = 0
    private let source = TaskSource(tasks: .max, payload: 64)

    init(rate: Double, seconds: Double) {
        self.rate = rate
        end = begin + seconds
    }

    func next() async throws -> TaskSpec? {
        while true {
            let now = monotonicSeconds()
            guard now < end else { return nil }
            if Double(given) < (now - begin) * rate {
                given += 1
                return source.next()
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
