import ClusterModel
import ClusterWire

/// One submit under way: its window of batches without an answer, and what it does with refusals.
struct SubmitRun {
    private typealias Ticket = RequestChannel<Ccorchestrator_V1_ClientReply>.Ticket

    let client: CoordinatorClient
    let key: SubmissionKey
    let progress: (@Sendable (SubmitProgress) -> Void)?

    /// Sends all batches.
    /// - Returns: The job, whole.
    func perform(_ spec: JobSpec, _ batches: inout OutgoingBatches) async throws -> SubmittedJob {
        guard let first = try await batches.next() else {
            preconditionFailure("the first batch is always there")
        }
        let begun = try await send(first, try SubmitEnvelope(key: key, spec: spec), acknowledged: 0)
        report(begun)
        if begun.isSealed && !first.seal {
            // An earlier submit under this key brought all of it: only the count is looked at.
            return try checked(begun, total: try await batches.countRest())
        }
        if first.seal { return try checked(begun, total: Int(first.end)) }
        do {
            return try await sendRest(begun, &batches)
        } catch {
            throw await ended(begun.job, by: error)
        }
    }

    private func sendRest(_ begun: SubmittedJob, _ batches: inout OutgoingBatches) async throws -> SubmittedJob {
        let envelope = try SubmitEnvelope(key: key, job: begun.job)
        var latest = begun
        var window: [(ticket: Ticket, batch: OutgoingBatch)] = []
        var total: UInt32 = 0
        while true {
            while window.count < client.limits.submitWindow, let batch = try await batches.next() {
                total = batch.end
                if batch.seal && begun.taskCount > total { _ = try checked(begun, total: Int(total)) }
                let ticket = try await client.channel.send(timeLimit: client.limits.answerTimeout) {
                    try envelope.frame(batch, id: $0)
                }
                window.append((ticket, batch))
            }
            if window.isEmpty { return try checked(latest, total: Int(total)) }
            let oldest = window.removeFirst()
            latest = try await acknowledgement(of: oldest.ticket, oldest.batch, envelope, latest.taskCount)
            report(latest)
        }
    }

    /// A batch that was refused is sent once more, now that all before it are on disk: the queue may have been full, or it
    /// overtook one that a broken connection lost.
    private func acknowledgement(
        of ticket: Ticket, _ batch: OutgoingBatch, _ envelope: SubmitEnvelope, _ acknowledged: UInt32
    ) async throws -> SubmittedJob {
        do {
            return try submitted(await client.channel.answer(to: ticket))
        } catch let failure as CoordinatorFailure
            where [.invalid, .queueFull, .busy].contains(failure.code)
        {
            return try await send(batch, envelope, acknowledged: acknowledged)
        }
    }

    /// Sends one batch and waits for its answer; a full queue is waited out.
    private func send(
        _ batch: OutgoingBatch, _ envelope: SubmitEnvelope, acknowledged: UInt32
    ) async throws -> SubmittedJob {
        var pause = client.limits.firstRoomPause
        var waited = Duration.zero
        while true {
            do {
                let reply = try await client.channel.exchange(timeLimit: client.limits.answerTimeout) {
                    try envelope.frame(batch, id: $0)
                }
                return try submitted(reply)
            } catch let failure as CoordinatorFailure where failure.code == .queueFull || failure.code == .busy {
                guard waited < client.limits.roomPatience else {
                    throw CoordinatorFailure(
                        code: failure.code,
                        message: "\(failure.message) (waited for \(waited.components.seconds) s for it to take more)")
                }
                progress?(SubmitProgress(acknowledged: acknowledged, waitsBecause: failure.message))
                try await Task.sleep(for: pause)
                waited += pause
                pause = min(pause * 2, client.limits.longestRoomPause)
            }
        }
    }

    private func report(_ job: SubmittedJob) { progress?(SubmitProgress(acknowledged: job.taskCount)) }

    /// The job, if it holds what was submitted.
    private func checked(_ job: SubmittedJob, total: Int) throws -> SubmittedJob {
        guard Int(job.taskCount) == total else {
            throw otherContent("job \(job.job) has \(job.taskCount) tasks, this submit \(total)")
        }
        guard job.isSealed else {
            throw CoordinatorFailure(
                code: .badReply, message: "the coordinator says that job \(job.job) is not whole after its last batch")
        }
        return job
    }

    private func otherContent(_ what: String) -> CoordinatorFailure {
        let name = key.text.map { "the key \"\($0)\"" } ?? "this submit's random key"
        return CoordinatorFailure(
            code: .jobSealed, message: "\(name) was used for another submit (\(what)): use another key for this one")
    }

    /// What is thrown once a part of the job is on disk.
    private func ended(_ job: JobID, by error: any Error) async -> any Error {
        if error is CancellationError { return error }
        if (error as? CoordinatorFailure)?.code == .jobSealed { return error }
        guard key.text == nil else {
            return SubmitInterrupted(
                job: job, cause: error, outcome: "and the same submit with this key goes on with it")
        }
        // It will never be whole: what waits of it is cancelled.
        if !(error is CoordinatorUnreachable) {
            do {
                _ = try await client.cancel(job)
                return SubmitInterrupted(job: job, cause: error, outcome: "and is cancelled")
            } catch {
                // The first error is the one to tell of; that the job is left over is told with it.
            }
        }
        return SubmitInterrupted(job: job, cause: error, outcome: "and will never be whole: cancel it")
    }

    private func submitted(_ reply: Ccorchestrator_V1_ClientReply) throws -> SubmittedJob {
        let body: Ccorchestrator_V1_ClientReply.OneOf_Body
        do {
            body = try CoordinatorClient.body(of: reply)
        } catch let failure as CoordinatorFailure where failure.code == .jobSealed {
            throw otherContent(failure.message)
        }
        guard case .submitted(let outcome) = body else { throw CoordinatorClient.unexpected(body) }
        return SubmittedJob(
            job: try reading { () throws(WireError) in try JobID(wire: outcome.job) }, taskCount: outcome.taskCount,
            isSealed: outcome.sealed)
    }
}
