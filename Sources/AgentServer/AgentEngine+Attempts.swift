import AgentOutbox
import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import Logging

/// Attempts, from the queue to the disk that holds their results.
extension AgentEngine {
    func enqueue(_ record: AttemptRecord, at now: Instant) {
        if record.options.runner == "exec" { return execArrived(record, at: now) }
        // The pool counts its own alone.
        guard execs.isEmpty || execSlots.hasRoom(others: pool.count) else {
            return attemptEnded(record.token, .handedBack(.full), on: nil)
        }
        let fingerprint = fingerprint(for: record.options)
        if settings.spares > 0 { noteLaunch(fingerprint, record.options) }
        let attempt = PoolAttempt(
            token: record.token, fingerprint: fingerprint, timeout: timeout(of: record.options),
            conversation: poolConversation(of: record))
        perform(pool.attemptArrived(attempt, at: now))
    }

    func timeout(of options: TaskOptions) -> Milliseconds {
        options.timeout.rawValue > 0 ? options.timeout : settings.taskTimeout
    }

    func promptCame(_ token: AttemptToken, _ prompt: String, at now: Instant) {
        guard var record = attempts[token], record.isFetching else { return transcripts.removeIncoming(token) }
        record.prompt = prompt
        record.isFetching = false
        attempts[token] = record
        promptIsHere(record, at: now)
    }

    func promptFailed(_ token: AttemptToken, _ reason: String) {
        guard attempts[token]?.isFetching == true else { return }
        let what = attempts[token]?.conversation?.head == nil ? "the prompt" : "the prompt or its conversation"
        fail(token, TaskFailure(.transient, "\(what) could not be fetched: \(reason)"), notBurnt: true)
    }

    func cancelArrived(_ token: AttemptToken, at now: Instant) {
        guard let record = attempts[token] else { return }
        if record.isFetching { return attemptEnded(token, .cancelled, on: nil) }
        if endExec(token, .cancelled) { return }
        perform(pool.cancelArrived(token, at: now))
    }

    /// The coordinator doesn't count on this agent for it any more.
    func abandon(_ token: AttemptToken, at now: Instant) {
        if let record = attempts[token] {
            if record.isFetching { return attemptEnded(token, .abandoned, on: nil) }
            if endExec(token, .abandoned) { return }
            if pool.holds(token) { return perform(pool.attemptAbandoned(token, at: now)) }
            // It is finished and on its way to the disk. What was done is not thrown away: the coordinator sets it aside.
            return
        }
        // On disk since the hello that named it as running: it is sent like any other result.
        if !results.contains(token) { forget(token) }
    }

    func forget(_ token: AttemptToken) {
        dropHead(of: token)
        forgetTranscript(token)
        transcripts.removeIncoming(token)
        attempts[token] = nil
        results.remove([token])
        ledger.withLock { $0.forget(token) }
        outbox.acknowledged([token])
    }

    // MARK: Ends

    func attemptEnded(_ token: AttemptToken, _ end: AttemptEnd, on id: InstanceID?) {
        guard let record = attempts[token] else { return }
        let instance = id.map { "\(settings.name)/\($0)" } ?? ""
        let judgement = record.outcome.map {
            Judgement($0, options: record.options, forbiddenIsOwn: record.forbiddenIsOwn)
        }
        let said = judgement?.failure?.detail ?? ""
        switch end {
        case .turn:
            guard let judgement else {
                return fail(token, TaskFailure(.crash, "the turn ended without a word"), on: instance)
            }
            if let failure = record.keepFailure {
                return finish(record, .failed, failure, AttemptOutput(judgement.result), on: instance)
            }
            let (state, failure) = record.end(judgement.state, judgement.failure)
            finish(
                record, state, failure, AttemptOutput(judgement.result), on: instance,
                head: state == .succeeded ? record.head : nil)
        case .timedOut:
            let failure = TaskFailure(
                .timeout, "the task ran longer than its timeout of \(timeout(of: record.options).rawValue) ms",
                detail: said)
            finish(record, .failed, failure, AttemptOutput(judgement?.result), on: instance)
        case .silent(let silence, let hasSpoken):
            let seconds = silence.rawValue / 1000
            let sentence =
                hasSpoken
                ? "the instance said nothing for \(seconds) s, while no call of its and no tool was under way (silence-timeout)"
                : "the instance did not begin to answer for \(seconds) s after its prompt (first-byte-timeout)"
            finish(
                record, .failed, TaskFailure(.timeout, sentence, detail: said), AttemptOutput(judgement?.result),
                on: instance)
        case .cancelled:
            finish(
                record, .cancelled, TaskFailure(.cancelled, "the task was cancelled", detail: said),
                AttemptOutput(judgement?.result), on: instance)
        case .startsFailed(let failure):
            fail(
                token, TaskFailure(.crash, "no instance could be started: \(failure.message)", detail: failure.detail),
                notBurnt: failure.programIsMissing, on: instance)
        case .handedBack(.held):
            finish(
                record, .failed, Self.failure(.held), AttemptOutput(judgement?.result), notBurnt: true, on: instance,
                head: record.head)
        case .handedBack(let why):
            fail(token, Self.failure(why), notBurnt: true, on: instance)
        case .abandoned:
            forget(token)
        }
    }

    /// Not for this agent: fails in words before an instance is taken.
    func refuse(_ token: AttemptToken, _ sentence: String) { fail(token, TaskFailure(.permanent, sentence)) }

    func fail(_ token: AttemptToken, _ failure: TaskFailure, notBurnt: Bool = false, on instance: String = "") {
        guard let record = attempts[token] else { return }
        finish(record, .failed, failure, AttemptOutput(), notBurnt: notBurnt, on: instance)
    }

    private static func failure(_ why: HandBack) -> TaskFailure {
        switch why {
        case .full: TaskFailure(.agentLeft, "the agent holds as much as it can")
        case .leaving: TaskFailure(.agentLeft, "the agent left before the task could end")
        case .held:
            TaskFailure(
                .rateLimit,
                "a call waited for its permit longer than a turn may be held: see `ccctl quota` for what holds it")
        case .suspended(.credentialRefused): TaskFailure(.auth, Suspension.Reason.credentialRefused.sentence)
        case .suspended(let reason): TaskFailure(.agentLeft, reason.sentence)
        }
    }

    func finish(
        _ record: AttemptRecord, _ state: TaskState, _ failure: TaskFailure?, _ output: AttemptOutput,
        notBurnt: Bool = false, on instance: String, head: ConversationHead? = nil
    ) {
        // What an instance said at its end is kept with its failure, and anything it was told may stand in it.
        let failure = failure.map(redactor.clean)
        if head == nil { dropHead(of: record.token) }
        if record.conversation?.head != nil { transcripts.removeIncoming(record.token) }
        if head != nil {
            carryingTranscript.insert(record.token)
            results.carryingTranscript.insert(record.token)
        }
        var message = AttemptResult(
            token: record.token, state: state, answer: output.answer, structured: output.structured, failure: failure,
            usage: output.usage, costMicroUSD: output.costMicroUSD, sessionID: output.sessionID, instance: instance,
            startedAt: record.startedAt ?? record.arrivedAt, finishedAt: Clocks.wall(),
            notBurnt: notBurnt || failure.map { $0.known?.burnsAttempt == false } ?? false, head: head
        ).proto
        if let workspace = record.workspace { message.workspace = workspace }
        var fields: Logger.Metadata = ["task": "\(record.token)", "state": "\(state.name)", "instance": "\(instance)"]
        if let failure { fields["reason"] = "\(failure.errorClass): \(failure.message)" }
        logger.info("attempt ended", metadata: fields)
        attempts[record.token]?.isFetching = false
        do {
            gather(OutboxEntry(token: record.token, bytes: try message.serializedBytes()))
        } catch {
            // A message above 2 GiB, which no line of an instance can fill.
            logger.error("a result cannot be written", metadata: ["task": "\(record.token)", "reason": "\(error)"])
        }
    }

    /// While other attempts wait here for a place, no place waits for this result: it goes to the disk, and on, with those that come next.
    private func gather(_ result: OutboxEntry) {
        gathered.append(result)
        if execSlots.first == nil || gathered.count >= Self.gatheredAtMost { return writeGathered() }
        guard gathered.count == 1 else { return }
        Task { [feed] in
            // Nobody cancels it; if somebody did, what was gathered must go to the disk all the same.
            do { try await Task.sleep(for: Self.gatherTime) } catch {}
            feed.yield(.gathered)
        }
    }

    func writeGathered() {
        defer { gathered = [] }
        write(gathered)
    }

    /// To the disk first, all together.
    func write(_ results: [OutboxEntry]) {
        guard !results.isEmpty else { return }
        writing += results.count
        outbox.append(results) { [feed] in feed.yield(.durable(results)) }
    }

    func resultsAreDurable(_ written: [OutboxEntry], at now: Instant) throws {
        writing -= written.count
        // Without those that were abandoned while they were written.
        let tokens = written.map(\.token)
        let isWanted = ledger.withLock { ledger in tokens.map { ledger.finish($0) } }
        if !attempts.isEmpty {
            for token in tokens { attempts[token] = nil }
        }
        if !carryingTranscript.isEmpty {
            for (token, wanted) in zip(tokens, isWanted) where !wanted { forgetTranscript(token) }
        }
        try results.add(zip(written, isWanted).compactMap { $1 ? $0 : nil })
        try sendResults(at: now)
    }
}
