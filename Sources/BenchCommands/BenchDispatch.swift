import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation
import Glibc

struct BenchDispatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch",
        abstract: "Full durable cycles a second: submit, assign, result, each on disk before it counts.",
        discussion: "At its end the coordinator is killed and everything that was acknowledged is counted again.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Tasks of a run.") var tasks = 200_000
    @Option(help: "Bytes of a prompt; the answer has as many.") var payload = 64
    @Option(help: "Tasks of one submit batch, 1 to 1000.") var batch = 1000
    @Option(help: "Attempts that the agent may hold, 1 to 10000.") var capacity = 4096
    @Option(help: "Runs, of which the median is given.") var runs = 3
    @Option(help: "Tasks that are queued before the clock starts and stay there: with a low priority.") var backlog = 0

    func validate() throws {
        guard tasks > 0, (1...Limits.inlineContentBytes).contains(payload), (1...1000).contains(batch), runs > 0 else {
            throw ValidationError("--tasks and --runs are at least 1, --payload 1 to 65536, --batch 1 to 1000")
        }
    }

    func run() async throws {
        let fleet = try BenchFleet(options)
        defer { fleet.end() }
        var client = try await fleet.startCoordinator()
        if backlog > 0 {
            _ = try await BenchJobs.submit(
                client, tasks: backlog, payload: payload, TaskOptions(priority: .bulk, runner: "noop"),
                JobSpec(isPaused: true))
        }
        let agent = try fleet.startAgent(
            "bench", ["--runner", "noop", "--offer-noop", "--noop-capacity", "\(capacity)"])
        guard let coordinator = fleet.coordinator else { return }
        let sender = try fleet.connect { $0.tasksPerBatch = batch }
        var cycles: [Double] = []
        var submits: [Double] = []
        var jobs: [JobID] = []
        let pids = [coordinator.processIdentifier, agent.processIdentifier, getpid()]
        // The first job warms up: connections, caches, the agent's start.
        jobs.append(try await BenchJobs.submit(sender, tasks: min(tasks, 10_000), payload: payload).job)
        _ = try await BenchJobs.finished(client, jobs[0])
        let before = pids.map(ProcessFigures.cpuSeconds)
        let commitsBefore = try await client.serverInfo().commits
        for _ in 0..<runs {
            let begin = monotonicSeconds()
            let job = try await BenchJobs.submit(sender, tasks: tasks, payload: payload).job
            submits.append(Double(tasks) / (monotonicSeconds() - begin))
            _ = try await BenchJobs.finished(client, job)
            cycles.append(Double(tasks) / (monotonicSeconds() - begin))
            jobs.append(job)
        }
        let used = zip(pids.map(ProcessFigures.cpuSeconds), before).map { ($0 - $1) * 1e6 / Double(tasks * runs) }
        let commits = try await client.serverInfo().commits - commitsBefore
        let resident = ProcessFigures.residentMiB(coordinator.processIdentifier)
        fleet.kill(coordinator)
        await client.close()
        await sender.close()
        client = try await fleet.startCoordinator()
        let counted = try await BenchJobs.count(client, jobs)
        await client.close()
        let expected = tasks * runs + min(tasks, 10_000)
        try Figures.print([
            "bench": "dispatch", "tasks": tasks, "payload": payload, "batch": batch, "capacity": capacity,
            "durability": options.durability, "runs": runs, "backlog": backlog,
            "cycles_per_s": Figures.median(cycles).rounded(), "all_cycles_per_s": cycles.map { $0.rounded() },
            "submit_per_s": Figures.median(submits).rounded(), "commits": commits,
            "coordinator_cpu_us_per_task": Figures.rounded(used[0]), "agent_cpu_us_per_task": Figures.rounded(used[1]),
            "client_cpu_us_per_task": Figures.rounded(used[2]), "coordinator_resident_mib": resident,
            "recounted": counted, "lost": expected - counted,
        ])
        guard counted == expected else {
            throw BenchError("\(expected - counted) of \(expected) acknowledged results are not there after the kill")
        }
    }
}

/// Jobs of a benchmark.
enum BenchJobs {
    static func submit(
        _ client: CoordinatorClient, tasks: Int, payload: Int,
        _ options: TaskOptions = TaskOptions(runner: "noop"), _ spec: JobSpec = JobSpec()
    ) async throws -> SubmittedJob {
        let source = TaskSource(tasks: tasks, payload: payload)
        return try await client.submitStream(spec, options: [options]) { source.next() }
    }

    /// Waits for a job's end; asks every 10 ms.
    static func finished(_ client: CoordinatorClient, _ job: JobID) async throws -> JobSummary {
        while true {
            if let summary = try await client.jobs([job]).first, summary.isFinished {
                guard summary.allSucceeded else {
                    throw BenchError(
                        "job \(job) ended with \(summary.succeeded) of \(summary.tasks) tasks: \(summary.note)")
                }
                return summary
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Every result of these jobs, one by one.
    static func count(_ client: CoordinatorClient, _ jobs: [JobID]) async throws -> Int {
        var count = 0
        for job in jobs {
            var next: UInt32? = 0
            while let first = next {
                let page = try await client.results(of: job, from: first)
                count += page.results.count { $0.state == .succeeded && $0.answer != nil }
                next = page.nextIndex
            }
        }
        return count
    }
}

/// Tasks of one length, no two alike.
final class TaskSource: @unchecked Sendable {
    // One submit asks it, one task after the other.
    private var number = 0
    private let tasks: Int
    private let filling: String

    init(tasks: Int, payload: Int) {
        self.tasks = tasks
        filling = String(repeating: "x", count: max(0, payload - 12))
    }

    func next() -> TaskSpec? {
        guard number < tasks else { return nil }
        number += 1
        let digits = String(number)
        return TaskSpec(prompt: .text(String(repeating: "0", count: 12 - min(12, digits.count)) + digits + filling))
    }
}
