import AgentOutbox
import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import Logging

/// Attempts, from the message that brings them to the disk that holds their results.
extension AgentEngine {
    func assigned(_ assign: Ccorchestrator_V1_Assign, at now: Instant) {
        for assignment in assign.assignments {
            let token: AttemptToken
            do { token = try AttemptToken(proto: assignment.token) } catch {
                dropped("an assignment without a token: \(error)")
                continue
            }
            // Work of an older session is not taken: what a hello doesn't name, the coordinator queues again.
            guard ledger.withLock({ $0.accept(token, session: assign.session) }) else { continue }
            do {
                guard assign.options.indices.contains(Int(assignment.options)) else {
                    throw WireError("\(token) names row \(assignment.options) of \(assign.options.count) options")
                }
                let options = try TaskOptions(proto: assign.options[Int(assignment.options)])
                guard let prompt = try Content.from(proto: assignment.prompt) else {
                    throw WireError("\(token) has no prompt")
                }
                take(token, options, prompt, at: now)
            } catch {
                attempts[token] = AttemptRecord(
                    token: token, options: TaskOptions(), prompt: "", arrivedAt: Clocks.wall())
                refuse(token, "the assignment cannot be read: \(error)")
            }
        }
    }

    private func take(_ token: AttemptToken, _ options: TaskOptions, _ prompt: Content, at now: Instant) {
        var record = AttemptRecord(token: token, options: options, prompt: "", arrivedAt: Clocks.wall())
        if let objection = policy.objection(to: options) {
            attempts[token] = record
            return refuse(token, objection)
        }
        switch prompt {
        case .text(let text):
            record.prompt = text
            attempts[token] = record
            enqueue(record, at: now)
        case .blob(let blob):
            record.isFetching = true
            attempts[token] = record
            guard let blobs else { return promptFailed(token, "the coordinator named no blob endpoint") }
            Task { [feed] in
                do {
                    feed.yield(.promptCame(token, try await BlobDownloader(connection: blobs).text(of: blob)))
                } catch {
                    feed.yield(.promptFailed(token, "\(error)"))
                }
            }
        }
    }

    private func enqueue(_ record: AttemptRecord, at now: Instant) {
        let timeout = record.options.timeout.rawValue > 0 ? record.options.timeout : settings.taskTimeout
        perform(
            pool.attemptArrived(
                PoolAttempt(token: record.token, fingerprint: fingerprint(for: record.options), timeout: timeout),
                at: now))
    }

    func promptCame(_ token: AttemptToken, _ prompt: String, at now: Instant) {
        guard var record = attempts[token], record.isFetching else { return }
        record.prompt = prompt
        record.isFetching = false
        attempts[token] = record
        enqueue(record, at: now)
    }

    func promptFailed(_ token: AttemptToken, _ reason: String) {
        guard attempts[token]?.isFetching == true else { return }
        fail(token, TaskFailure(.transient, "the prompt could not be fetched: \(reason)"), notBurnt: true)
    }

    func cancelArrived(_ token: AttemptToken, at now: Instant) {
        guard let record = attempts[token] else { return }
        if record.isFetching { return attemptEnded(token, .cancelled, on: nil) }
        perform(pool.cancelArrived(token, at: now))
    }

    /// The coordinator doesn't count on this agent for it any more.
    func abandon(_ token: AttemptToken, at now: Instant) {
        if let record = attempts[token] {
            if record.isFetching { return attemptEnded(token, .abandoned, on: nil) }
            if pool.holds(token) { return perform(pool.attemptAbandoned(token, at: now)) }
        }
        // Its result may be on its way to the disk: the outbox forgets it after it was written.
        forget(token)
    }

    func forget(_ token: AttemptToken) {
        attempts[token] = nil
        results.remove(token)
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
            finish(record, judgement.state, judgement.failure, judgement, on: instance)
        case .timedOut:
            let timeout = record.options.timeout.rawValue > 0 ? record.options.timeout : settings.taskTimeout
            let failure = TaskFailure(
                .timeout, "the task ran longer than its timeout of \(timeout.rawValue) ms", detail: said)
            finish(record, .failed, failure, judgement, on: instance)
        case .cancelled:
            finish(
                record, .cancelled, TaskFailure(.cancelled, "the task was cancelled", detail: said), judgement,
                on: instance)
        case .startsFailed(let failure):
            fail(
                token, TaskFailure(.crash, "no instance could be started: \(failure.message)"),
                notBurnt: failure.programIsMissing, on: instance)
        case .handedBack(let why):
            fail(token, Self.failure(why), notBurnt: true, on: instance)
        case .abandoned:
            forget(token)
        }
    }

    /// Not for this agent: fails in words before an instance is taken.
    private func refuse(_ token: AttemptToken, _ sentence: String) { fail(token, TaskFailure(.permanent, sentence)) }

    private func fail(_ token: AttemptToken, _ failure: TaskFailure, notBurnt: Bool = false, on instance: String = "") {
        guard let record = attempts[token] else { return }
        finish(record, .failed, failure, nil, notBurnt: notBurnt, on: instance)
    }

    private static func failure(_ why: HandBack) -> TaskFailure {
        switch why {
        case .full: TaskFailure(.agentLeft, "the agent holds as much as it can")
        case .leaving: TaskFailure(.agentLeft, "the agent left before the task could end")
        case .suspended(.credentialRefused): TaskFailure(.auth, Suspension.Reason.credentialRefused.sentence)
        case .suspended(let reason): TaskFailure(.agentLeft, reason.sentence)
        }
    }

    private func finish(
        _ record: AttemptRecord, _ state: TaskState, _ failure: TaskFailure?, _ judgement: Judgement?,
        notBurnt: Bool = false, on instance: String
    ) {
        let result = judgement?.result
        let finishedAt = Clocks.wall()
        // An API's error message is no answer: the failure tells it.
        let answer = result?.isError == true ? nil : result?.resultText
        let message = AttemptResult(
            token: record.token, state: state, answer: answer.map(Content.text),
            structured: result?.structuredJSON.map(Content.text), failure: failure, usage: result?.usage ?? Usage(),
            costMicroUSD: result?.costMicroUSD ?? 0, sessionID: result?.sessionID ?? "", instance: instance,
            startedAt: record.startedAt ?? record.arrivedAt, finishedAt: finishedAt,
            notBurnt: notBurnt || failure.map { $0.known?.burnsAttempt == false } ?? false
        ).proto
        var fields: Logger.Metadata = ["task": "\(record.token)", "state": "\(state.name)", "instance": "\(instance)"]
        if let failure { fields["reason"] = "\(failure.errorClass): \(failure.message)" }
        logger.info("attempt ended", metadata: fields)
        attempts[record.token]?.isFetching = false
        do {
            let bytes: [UInt8] = try message.serializedBytes()
            let token = record.token
            outbox.append([OutboxEntry(token: token, bytes: bytes)]) { [feed] in feed.yield(.durable(token, message)) }
        } catch {
            // A message above 2 GiB, which no line of an instance can fill.
            logger.error("a result cannot be written", metadata: ["task": "\(record.token)", "reason": "\(error)"])
        }
    }

    func resultIsDurable(_ token: AttemptToken, _ message: Ccorchestrator_V1_AttemptResult, at now: Instant) throws {
        // Abandoned while it was written.
        guard attempts.removeValue(forKey: token) != nil else { return }
        ledger.withLock { $0.finish(token) }
        try results.add(token, message)
        try sendResults(at: now)
    }
}
