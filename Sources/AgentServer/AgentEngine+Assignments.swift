import AgentOutbox
import ClusterModel
import ClusterWire
import Logging

/// What a message with assignments brings: taken as a whole, since it may hold a thousand.
extension AgentEngine {
    func assigned(_ assign: Ccorchestrator_V1_Assign, at now: Instant) {
        let rows = assign.options.map { OptionsRow($0, policy) }
        let arrivedAt = Clocks.wall()
        var noops: [OutboxEntry] = []
        for (token, assignment) in zip(accepted(assign), assign.assignments) {
            guard let token else { continue }
            let row = Int(assignment.options)
            guard rows.indices.contains(row) else {
                cannotRead(token, "it names row \(row) of \(rows.count) options", arrivedAt)
                continue
            }
            do {
                guard let prompt = try Content.from(proto: assignment.prompt) else {
                    throw WireError("it has no prompt")
                }
                switch rows[row] {
                case .unreadable(let reason): cannotRead(token, reason, arrivedAt)
                case .forbidden(let options, let objection):
                    attempts[token] = AttemptRecord(token: token, options: options, prompt: "", arrivedAt: arrivedAt)
                    refuse(token, objection)
                case .noop:
                    // Its answer is the prompt, even one that travels by its hash.
                    noops.append(
                        OutboxEntry(token: token, bytes: try NoopResult.bytes(token, answer: prompt, at: arrivedAt)))
                case .allowed(let options):
                    let isTurn = assignment.hasConversation && options.runner == "claude"
                    let conversation = isTurn ? try Conversation(proto: assignment.conversation) : nil
                    take(token, options, prompt, conversation, arrivedAt, at: now)
                }
            } catch {
                cannotRead(token, "\(error)", arrivedAt)
            }
        }
        if !noops.isEmpty { logger.debug("noop tasks answered", metadata: ["count": "\(noops.count)"]) }
        write(noops)
    }

    /// Takes those of the present session that are not here already: work of an older session is not taken, since what a hello doesn't name, the
    /// coordinator queues again.
    ///
    /// - Returns: for each assignment its token, nil where it is not taken.
    private func accepted(_ assign: Ccorchestrator_V1_Assign) -> [AttemptToken?] {
        let tokens = assign.assignments.map { assignment -> AttemptToken? in
            do { return try AttemptToken(proto: assignment.token) } catch {
                dropped("an assignment without a token: \(error)")
                return nil
            }
        }
        return ledger.withLock { ledger in
            tokens.map { token in token.flatMap { ledger.accept($0, session: assign.session) ? $0 : nil } }
        }
    }

    private func cannotRead(_ token: AttemptToken, _ reason: String, _ arrivedAt: WallTime) {
        attempts[token] = AttemptRecord(token: token, options: TaskOptions(), prompt: "", arrivedAt: arrivedAt)
        refuse(token, "the assignment cannot be read: \(reason)")
    }

    private func take(
        _ token: AttemptToken, _ options: TaskOptions, _ prompt: Content, _ conversation: Conversation?,
        _ arrivedAt: WallTime, at now: Instant
    ) {
        var record = AttemptRecord(token: token, options: options, prompt: "", arrivedAt: arrivedAt)
        record.conversation = conversation
        if case .text(let text) = prompt { record.prompt = text } else { record.isFetching = true }
        let transcript = transcriptWanted(by: record)
        record.isFetching = record.isFetching || transcript != nil
        attempts[token] = record
        guard record.isFetching else { return promptIsHere(record, at: now) }
        guard let blobs else { return promptFailed(token, "the coordinator named no blob endpoint") }
        Task { [feed, transcripts, known = record.prompt] in
            let downloader = BlobDownloader(connection: blobs)
            do {
                if let transcript { try transcripts.store(try await downloader.transcript(transcript), for: token) }
                var text = known
                if case .blob(let blob) = prompt { text = try await downloader.text(of: blob) }
                feed.yield(.promptCame(token, text))
            } catch {
                feed.yield(.promptFailed(token, "\(error)"))
            }
        }
    }
}

/// One row of an assignment frame's table of options, looked at once for all tasks that share it.
private enum OptionsRow {
    case unreadable(String)
    case forbidden(TaskOptions, String)
    case allowed(TaskOptions)
    case noop

    init(_ proto: Ccorchestrator_V1_TaskOptions, _ policy: JobPolicy) {
        do {
            let options = try TaskOptions(proto: proto)
            if let objection = policy.objection(to: options) {
                self = .forbidden(options, objection)
            } else {
                self = options.runner == "noop" ? .noop : .allowed(options)
            }
        } catch {
            self = .unreadable("\(error)")
        }
    }
}
