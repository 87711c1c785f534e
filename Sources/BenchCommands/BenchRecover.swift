import ArgumentParser
import ClusterModel
import CoordinatorClient
import Foundation
import Synchronization

struct BenchRecover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Memory of a long queue, and how long after SIGKILL the first task is assigned again.")

    @OptionGroup var options: BenchOptions
    @Option(help: "Tasks that are queued.") var tasks = 1_000_000
    @Option(help: "Bytes of each prompt.") var payload = 1024
    @Option(help: "Kills, of which the median is given.") var runs = 3

    func validate() throws {
        guard tasks > 0, (1...Limits.inlineContentBytes).contains(payload), runs > 0 else {
            throw ValidationError("--tasks and --runs are at least 1, --payload is 1 to 65536")
        }
    }

    func run() async throws {
        let fleet = try BenchFleet(options)
        defer { fleet.end() }
        var client = try await fleet.startCoordinator()
        let begin = monotonicSeconds()
        let job = try await BenchJobs.submit(client, tasks: tasks, payload: payload).job
        let submitted = monotonicSeconds() - begin
        guard let first = fleet.coordinator else { return }
        let queued = ProcessFigures.residentMiB(first.processIdentifier)
        let firstWork = Mutex<Double?>(nil)
        let fakes = try FakeFleet(1, capacity: 1, endpoint: fleet.agentsEndpoint, secretFile: fleet.secretFile) {
            _, _ in
            firstWork.withLock { if $0 == nil { $0 = monotonicSeconds() } }
        }
        defer { fakes.end() }
        try await fakes.welcomed()
        var lengths: [Double] = []
        var resident: [Double] = []
        for _ in 0..<runs {
            // The agent is to have nothing, so that the next thing it hears is an assignment.
            await client.close()
            guard let coordinator = fleet.coordinator else { return }
            fakes.agents[0].dropAll()
            fleet.kill(coordinator)
            firstWork.withLock { $0 = nil }
            let killed = monotonicSeconds()
            client = try await fleet.startCoordinator()
            while firstWork.withLock({ $0 == nil }) {
                guard monotonicSeconds() - killed < 60 else { throw BenchError("nothing was assigned within 60 s") }
                try await Task.sleep(for: .milliseconds(2))
            }
            lengths.append((firstWork.withLock { $0 } ?? killed) - killed)
            if let again = fleet.coordinator { resident.append(ProcessFigures.residentMiB(again.processIdentifier)) }
        }
        let found = try await client.jobs([job]).first?.tasks ?? 0
        await client.close()
        guard Int(found) == tasks else { throw BenchError("\(found) of \(tasks) tasks are there after the kills") }
        try Figures.print([
            "bench": "recover", "tasks": tasks, "payload": payload, "durability": options.durability, "runs": runs,
            "submit_per_s": (Double(tasks) / submitted).rounded(), "resident_mib_queued": queued,
            "resident_mib_recovered": Figures.median(resident),
            "kill_to_first_assignment_s": Figures.rounded(Figures.median(lengths), 3),
            "all_s": lengths.map { Figures.rounded($0, 3) },
        ])
    }
}
