import CCOrchestrator
import ClusterModel
import CoordinatorClient
import Foundation
import Logging
import Settings

/// What `run` does once it has its folder: fleet, job, wait, results.
struct RunWork: Sendable {
    let run: RunDirectory
    let settings: ControlSettings
    /// Whether the folder stays after the end.
    let keep: Bool
    /// The command that goes on with this run.
    let resumeHint: String
    /// Where the patches of its tasks go; nil: nowhere.
    var branch: PatchBranch?

    /// - Parameter job: Submits the job, or names the one that is there.
    /// - Returns: What `wait` would end with.
    func perform(
        _ plan: FleetPlan, job: @escaping @Sendable (CoordinatorClient) async throws -> JobID
    ) async throws -> ExitStatus {
        do {
            let status = try await work(plan, job)
            if keep { try run.markFinished() } else { try run.remove() }
            return status
        } catch {
            if !run.mayHoldWork {
                // Nothing was taken on: nothing is to be gone on with.
                try run.remove()
            } else if try run.record() == nil {
                run.release()
                Note.say("ccctl: cut off while its tasks were handed in; what ran is kept in \(run.path)")
            } else {
                run.release()
                Note.say("ccctl: the run is kept: \(resumeHint) goes on with it")
            }
            throw error
        }
    }

    private func work(
        _ plan: FleetPlan, _ job: @escaping @Sendable (CoordinatorClient) async throws -> JobID
    ) async throws -> ExitStatus {
        let coordinator = try plan.coordinator(dataDirectory: run.coordinator)
        let agent = try plan.agent(stateDirectory: run.agent)
        let fleet = EmbeddedFleet(
            coordinator: coordinator, agent: agent, environment: ProcessInfo.processInfo.environment,
            logger: Logger(label: "ccctl"))
        let format = settings.output
        let secretFile = settings.secretFile
        let branch = branch
        return try await Interruption.guarding(
            notice: "ccctl: interrupted: what runs is finished first; interrupt again to stop it at once",
            stopNow: { fleet.stopNow() }
        ) {
            try await fleet.whileRunning { endpoints in
                let client = try CoordinatorClient.loopback(endpoint: endpoints.clients, secretFile: secretFile)
                do {
                    let status = try await Self.follow(try await job(client), client, format, branch)
                    await client.close()
                    return status
                } catch {
                    await client.close()
                    throw error
                }
            }
        }
    }

    private static func follow(
        _ job: JobID, _ client: CoordinatorClient, _ format: OutputFormat, _ branch: PatchBranch?
    ) async throws -> ExitStatus {
        let waiter = JobWaiter(client: client, timeLimit: nil, quiet: format == .quiet)
        let watch = StandstillWatch(client: client)
        let ended = try await withThrowingTaskGroup(of: [JobSummary].self) { group in
            group.addTask { try await waiter.wait(for: [job]) }
            group.addTask { try await watch.watch() }
            defer { group.cancelAll() }
            guard let ended = try await group.next() else { throw CancellationError() }
            return ended
        }
        try await ResultPrinter(client: client, format: format).printResults(of: job)
        if format == .table { for summary in ended { Note.say(JobLine(summary).ending) } }
        guard let branch else { return ended.exitStatus }
        let rows = try await Apply.bring(job, branch, client)
        try Apply.print(rows, branch: branch.branch, format)
        return rows.contains(where: \.isLeftOut) ? .someFailed : ended.exitStatus
    }
}
