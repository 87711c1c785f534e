import ClusterModel
import CoordinatorClient

/// One job of `noop` tasks from its first submit until the client is told that its last task has ended.
struct DispatchCycle {
    let job: JobID
    let tasks: Int
    let cyclesPerSecond: Double
    /// Until the last batch was acknowledged.
    let submitsPerSecond: Double

    init(_ stage: Stage, _ client: CoordinatorClient, tasks: Int, payload: Int) async throws {
        let start = ContinuousClock.now
        job = try await client.submitStream(
            JobSpec(name: "bench"), options: BenchTasks.noop, next: BenchTasks.sequence(tasks, bytes: payload)
        ).job
        let submitTime = ContinuousClock.now - start
        let summary = try await stage.jobIsFinished(client, job)
        let time = ContinuousClock.now - start
        guard summary.succeeded == UInt32(tasks) else {
            throw BenchError("of \(tasks) tasks \(summary.succeeded) succeeded and \(summary.failed) failed")
        }
        self.tasks = tasks
        cyclesPerSecond = Double(tasks) / time.inSeconds
        submitsPerSecond = Double(tasks) / submitTime.inSeconds
    }
}

extension Duration {
    /// As a number.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
