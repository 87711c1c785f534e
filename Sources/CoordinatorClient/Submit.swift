import ClusterModel
import ClusterWire
import Foundation

/// A job that is on the coordinator's disk.
public struct SubmittedJob: Hashable, Sendable {
    /// Its number.
    public var job: JobID
    /// Tasks on disk.
    public var taskCount: UInt32

    /// With all its parts.
    public init(job: JobID, taskCount: UInt32) {
        self.job = job
        self.taskCount = taskCount
    }
}

extension CoordinatorClient {
    private typealias Ticket = RequestChannel<Ccorchestrator_V1_ClientReply>.Ticket

    /// Submits a job in batches, several under way at once and in order; prompts over ``Limits/inlineContentBytes`` go ahead
    /// of their task as blobs. All of it is on the coordinator's disk when this returns.
    /// - Parameters:
    ///   - tasks: At least one; each names a row of `options`.
    ///   - progress: Called with the number of tasks acknowledged so far.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``.
    public func submit<Tasks: Collection<TaskSpec> & Sendable>(
        _ spec: JobSpec, options: [TaskOptions], tasks: Tasks, progress: (@Sendable (UInt32) -> Void)? = nil
    ) async throws -> SubmittedJob {
        let key = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        var batches = OutgoingBatches(options: options, tasks: tasks)
        var blobsAt: String?
        func prepared(_ task: TaskSpec) async throws -> TaskSpec {
            guard case .text(let text) = task.prompt, text.utf8.count > Limits.inlineContentBytes else { return task }
            if blobsAt == nil { blobsAt = try await blobsEndpoint() }
            var task = task
            task.prompt = .blob(try await blobs.put(Array(text.utf8), to: blobsAt ?? ""))
            return task
        }

        guard let first = try await batches.next(prepared: prepared) else {
            preconditionFailure("the first batch is always there")
        }
        var latest = try Self.submitted(await call(.submit(Self.message(first, key: key, job: nil, spec: spec))))
        progress?(latest.taskCount)
        var window: [(ticket: Ticket, message: Ccorchestrator_V1_Submit)] = []
        do {
            while true {
                while window.count < limits.submitWindow, let batch = try await batches.next(prepared: prepared) {
                    let message = Self.message(batch, key: key, job: latest.job, spec: nil)
                    let ticket = try await channel.send(timeLimit: limits.answerTimeout) {
                        try Self.frame(.submit(message), id: $0)
                    }
                    window.append((ticket, message))
                }
                if window.isEmpty { return latest }
                let oldest = window.removeFirst()
                latest = try await acknowledgement(of: oldest.ticket, message: oldest.message)
                progress?(latest.taskCount)
            }
        } catch let failure as CoordinatorFailure {
            // It will never be whole, and nobody would be told its number: what waits of it is cancelled.
            _ = try await cancel(latest.job)
            throw CoordinatorFailure(
                code: failure.code, message: "\(failure.message) (job \(latest.job) was begun, and is cancelled)")
        }
    }

    /// A batch that was refused is sent once more, now that all before it are on disk: it may have overtaken one that a
    /// broken connection lost.
    private func acknowledgement(of ticket: Ticket, message: Ccorchestrator_V1_Submit) async throws -> SubmittedJob {
        do {
            return try Self.submitted(Self.body(of: await channel.answer(to: ticket)))
        } catch let failure as CoordinatorFailure where failure.code == .invalid {
            return try Self.submitted(await call(.submit(message)))
        }
    }

    private static func message(
        _ batch: OutgoingBatch, key: [UInt8], job: JobID?, spec: JobSpec?
    ) -> Ccorchestrator_V1_Submit {
        var message = Ccorchestrator_V1_Submit()
        message.submissionKey = Data(key)
        message.job = UInt64(job?.rawValue ?? 0)
        if let spec {
            message.spec.name = spec.name
            message.spec.submitter = spec.submitter
        }
        message.options = batch.options.map(\.proto)
        message.firstOptions = batch.firstOptions
        message.tasks = batch.tasks.map(\.proto)
        message.firstIndex = batch.firstIndex
        message.seal = batch.seal
        return message
    }

    private static func submitted(_ body: Ccorchestrator_V1_ClientReply.OneOf_Body) throws -> SubmittedJob {
        guard case .submitted(let reply) = body else { throw unexpected(body) }
        return SubmittedJob(
            job: try reading { () throws(WireError) in try JobID(wire: reply.job) }, taskCount: reply.taskCount)
    }
}
