import AgentOutbox
import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import Logging

/// Conversations: what an attempt goes on with, and what it leaves for the next.
extension AgentEngine {
    /// What an instance is told instead of the prompt when it goes on with a turn that was interrupted since its calls were held. Before it stand
    /// the prompt, what was done of it, and the CLI's mark `[Request interrupted by user]`.
    static let continuation =
        "Your turn was interrupted by this system, not by the user: a limit of the service held your calls for too long. Nothing is wrong with the "
        + "request above. Continue with it from where you were, and complete it; do not start over, and do not mention the interruption."

    /// Nil: it stands alone.
    func poolConversation(of record: AttemptRecord) -> PoolConversation? {
        guard let conversation = record.conversation else { return nil }
        let token = record.token
        let context =
            conversation.context.isEmpty
            ? "" : "\(token.store.rawValue)/\(token.task.job)/\(conversation.context)"
        return PoolConversation(
            context: context, head: conversation.head?.transcript.hex ?? "",
            needsLaunch: conversation.isFork || conversation.isContinuation)
    }

    /// The transcript that must come before an instance can be launched for the attempt; nil: an instance holds the conversation, or there is none.
    func transcriptWanted(by record: AttemptRecord) -> BlobRef? {
        guard let head = record.conversation?.head, let wanted = poolConversation(of: record) else { return nil }
        // A prompt that is still to come may come too late for an instance that waits now.
        if !record.isFetching, pool.holds(wanted, for: fingerprint(for: record.options)) { return nil }
        return head.transcript
    }

    /// What the attempt's instance is launched with; nil: an empty conversation.
    func resume(for record: AttemptRecord) -> SessionResume? {
        guard let conversation = record.conversation, let head = conversation.head else { return nil }
        return SessionResume(session: head.sessionID, isFork: conversation.isFork)
    }

    /// Whether what the turn said is to be kept: a context's turn that succeeded, and one whose calls were held for too long.
    private func isToBeKept(_ record: AttemptRecord, _ judgement: Judgement) -> Bool {
        guard let result = judgement.result, !result.sessionID.isEmpty else { return false }
        if judgement.state == .succeeded { return record.conversation.map { !$0.context.isEmpty } ?? false }
        return pool.isHeldTooLong(record.token)
    }

    /// Has the conversation copied before the pool hears of the turn's end: until then nobody else writes into it. False: nothing is to be kept.
    func keepsConversation(
        _ id: InstanceID, _ record: AttemptRecord, _ judgement: Judgement
    ) -> Bool {
        guard isToBeKept(record, judgement), let result = judgement.result, let instance = instances[id]?.instance
        else {
            return false
        }
        let token = record.token
        Task { [feed, transcripts] in
            let outcome: Result<BlobRef, Transcripts.Failure>
            do {
                outcome = .success(
                    try await transcripts.keep(
                        token, session: result.sessionID, config: instance.plan.configDirectory,
                        last: result.lastMessageID))
            } catch let failure as Transcripts.Failure {
                outcome = .failure(failure)
            } catch {
                outcome = .failure(Transcripts.Failure(message: "the conversation can't be kept: \(error)"))
            }
            feed.yield(.transcriptKept(id, token, outcome))
        }
        return true
    }

    func transcriptKept(
        _ id: InstanceID, _ token: AttemptToken, _ outcome: Result<BlobRef, Transcripts.Failure>, at now: Instant
    ) {
        guard let record = attempts[token], let ended = record.outcome else {
            transcripts.removeOutgoing(token)
            return perform(pool.turnEnded(id, TurnReport(succeeded: false, instanceIsSound: false), at: now))
        }
        var judgement = Judgement(ended, options: record.options, forbiddenIsOwn: record.forbiddenIsOwn)
        switch outcome {
        case .success(let blob):
            let before = record.conversation?.head?.turn ?? 0
            attempts[token]?.head = ConversationHead(
                transcript: blob, sessionID: judgement.result?.sessionID ?? "",
                turn: before + (judgement.state == .succeeded ? 1 : 0), instance: "\(settings.name)/\(id)")
        case .failure(let failure):
            logger.warning(
                "a conversation could not be kept",
                metadata: ["task": "\(token)", "instance": "\(settings.name)/\(id)", "reason": "\(failure.message)"])
            guard judgement.state == .succeeded else { break }
            // Without it the next turn would know nothing of this one.
            attempts[token]?.keepFailure = TaskFailure(
                failure.isTooLarge ? .permanent : .transient, failure.message,
                detail: judgement.result?.resultText ?? "")
            judgement.state = .failed
        }
        // The CLI's cap on cost counts from the launch or the last `/clear` on: each turn with one has a launch of its own.
        let isCapped = record.options.budgetMicroUSD > 0
        report(id, token, judgement, head: isCapped ? nil : attempts[token]?.head?.transcript.hex, at: now)
    }

    func report(_ id: InstanceID, _ token: AttemptToken, _ judgement: Judgement, head: String?, at now: Instant) {
        perform(
            pool.turnEnded(
                id,
                TurnReport(
                    succeeded: judgement.state == .succeeded, credentialRefused: judgement.credentialRefused,
                    instanceIsSound: judgement.instanceIsSound && attempts[token]?.leavesProcesses != true, head: head),
                at: now))
    }

    /// The result goes without a conversation: its copy is of no use.
    func dropHead(of token: AttemptToken) {
        guard attempts[token]?.head != nil else { return }
        attempts[token]?.head = nil
        transcripts.removeOutgoing(token)
    }

    /// What the agent before this one left: copies that its results name are sent with them.
    func takeUpTranscripts(_ pending: [OutboxEntry]) throws {
        for entry in pending where try Ccorchestrator_V1_AttemptResult(serializedBytes: entry.bytes).hasHead {
            carryingTranscript.insert(entry.token)
        }
        results.carryingTranscript = carryingTranscript
        try transcripts.removeAll(but: Array(carryingTranscript))
    }

    /// The coordinator has the result, or nobody wants it any more.
    func forgetTranscript(_ token: AttemptToken) {
        if carryingTranscript.remove(token) != nil { transcripts.removeOutgoing(token) }
    }
}

extension BlobUploader {
    /// Puts the conversation that a result names where the coordinator keeps it. A copy that is gone fails the attempt: its task is tried again.
    func putTranscript(
        of message: Ccorchestrator_V1_AttemptResult, _ token: AttemptToken, from transcripts: Transcripts
    ) async throws -> Ccorchestrator_V1_AttemptResult {
        guard message.hasHead else { return message }
        let bytes: [UInt8]
        do { bytes = try transcripts.bytes(of: token) } catch {
            var message = message
            message.clearHead()
            message.state = .failed
            message.error = TaskFailure(.transient, "the conversation's copy on the agent is gone: \(error)").proto
            return message
        }
        let blob = try await put(bytes)
        guard blob.proto == message.head.transcript else {
            throw BlobError("the conversation's copy has other content than the result says")
        }
        return message
    }
}
