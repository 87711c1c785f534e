import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation
import Synchronization

struct BenchAgents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agents",
        abstract: "Many agents at once: the share of their slots that has work, and what a task costs the coordinator.",
        discussion: "The agents are connections of ccctl's own, without instances.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Agents.") var agents = 1000
    @Option(help: "Slots of each.") var slots = 32
    @Option(help: "Seconds that are measured.") var seconds = 10.0
    @Option(help: "Seconds that a task takes.") var taskSeconds = 1.0

    func validate() throws {
        guard (1...5000).contains(agents), (1...1000).contains(slots), seconds > 0, taskSeconds > 0 else {
            throw ValidationError("--agents is 1 to 5000, --slots 1 to 1000, --seconds and --task-seconds more than 0")
        }
    }

    func run() async throws {
        let fleet = try BenchFleet(options)
        defer { fleet.end() }
        let client = try await fleet.startCoordinator()
        guard let coordinator = fleet.coordinator else { return }
        let work = TimedWork()
        let fakes = try FakeFleet(
            agents, capacity: slots, endpoint: fleet.agentsEndpoint, secretFile: fleet.secretFile
        ) { agent, tokens in work.begin(tokens, on: agent, for: taskSeconds) }
        defer { fakes.end() }
        try await fakes.welcomed()
        let warmUp = 3 * taskSeconds + 2
        let needed = Int(Double(agents * slots) * (seconds + warmUp + 3 * taskSeconds) / taskSeconds) + agents * slots
        work.start()
        defer { work.stop() }
        let job = try await BenchJobs.submit(client, tasks: needed, payload: 64).job
        try await Task.sleep(for: .milliseconds(Int64(warmUp * 1000)))
        let cpu = ProcessFigures.cpuSeconds(coordinator.processIdentifier)
        let (doneBefore, begin) = (work.done, monotonicSeconds())
        var samples: [Double] = []
        while monotonicSeconds() - begin < seconds {
            samples.append(Double(work.open) / Double(agents * slots))
            try await Task.sleep(for: .milliseconds(50))
        }
        let length = monotonicSeconds() - begin
        let done = work.done - doneBefore
        let used = ProcessFigures.cpuSeconds(coordinator.processIdentifier) - cpu
        _ = try await client.cancel(job)
        await client.close()
        guard done > 0 else { throw BenchError("no task ended while it was measured") }
        try Figures.print([
            "bench": "agents", "agents": agents, "slots": slots, "task_seconds": taskSeconds, "seconds": seconds,
            "durability": options.durability,
            "slots_busy": Figures.rounded(samples.reduce(0, +) / Double(max(1, samples.count)), 4),
            "tasks_per_s": Figures.rounded(Double(done) / length),
            "coordinator_cpu_us_per_task": Figures.rounded(used * 1e6 / Double(done)),
            "coordinator_resident_mib": ProcessFigures.residentMiB(coordinator.processIdentifier),
        ])
    }
}

/// Tasks that take their time and nothing else.
final class TimedWork: Sendable {
    private struct State {
        /// In order of their ends: all take the same time.
        var running: [(due: Double, agent: FakeAgent, tokens: [AttemptToken])] = []
        var first = 0
        var open = 0
        var done = 0
        var isEnding = false
    }

    private let state = Mutex(State())

    var open: Int { state.withLock { $0.open } }
    var done: Int { state.withLock { $0.done } }

    func begin(_ tokens: [AttemptToken], on agent: FakeAgent, for seconds: Double) {
        let due = monotonicSeconds() + seconds
        state.withLock { state in
            state.open += tokens.count
            state.running.append((due, agent, tokens))
        }
    }

    func start() {
        Thread { [self] in
            while !state.withLock({ $0.isEnding }) {
                for (agent, tokens) in take(monotonicSeconds()) { agent.finish(tokens) }
                Thread.sleep(forTimeInterval: 0.001)
            }
        }.start()
    }

    func stop() { state.withLock { $0.isEnding = true } }

    private func take(_ now: Double) -> [(FakeAgent, [AttemptToken])] {
        state.withLock { state in
            var due: [(FakeAgent, [AttemptToken])] = []
            while state.first < state.running.count, state.running[state.first].due <= now {
                let next = state.running[state.first]
                state.first += 1
                state.open -= next.tokens.count
                state.done += next.tokens.count
                due.append((next.agent, next.tokens))
            }
            if state.first > 10_000 {
                state.running.removeFirst(state.first)
                state.first = 0
            }
            return due
        }
    }
}
