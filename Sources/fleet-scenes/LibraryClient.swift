import ClusterModel
import ClusterTestKit
import CoordinatorClient

/// The product's own client library, connected once.
struct LibraryClient: SceneClient {
    private let client: CoordinatorClient

    init(_ fleet: Fleet) throws {
        client = try CoordinatorClient.loopback(
            endpoint: fleet.clientsEndpoint,
            secretFile: fleet.bench.scratch + "/home/.local/state/cc-orchestrator/loopback.secret")
    }

    func submitOne() async throws {
        _ = try await client.submit(
            JobSpec(name: "other"), options: [TaskOptions(runner: "noop")],
            tasks: [TaskSpec(prompt: .text("one"), options: 0)])
    }

    func counts(ofJob job: UInt32) async throws -> [String: Int] {
        let job = try await client.job(JobID(rawValue: job))
        return [
            "waiting": Int(job.queued + job.blocked), "held": Int(job.held), "skipped": Int(job.skipped),
            "cancelled": Int(job.cancelled),
        ]
    }
}
