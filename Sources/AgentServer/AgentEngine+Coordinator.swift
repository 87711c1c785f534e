import AgentPool
import ClaudeProcess
import ClusterModel
import ClusterWire
import Logging
import ZeroMQ

/// The conversation with the coordinator.
extension AgentEngine {
    func linkCameUp() {
        link.isUp = true
        link.lastHello = Clocks.now()
        link.lastHeard = link.lastHello
        link.helloAgainAt = nil
        if link.absenceWasTold {
            logger.info("the coordinator is there", metadata: ["coordinator": "\(settings.coordinator)"])
            link.absenceWasTold = false
        }
    }

    func linkWentDown(reason: String?) {
        link.isUp = false
        link.since = Clocks.now()
        if let reason {
            link.absenceWasTold = true
            logger.warning(
                "the coordinator does not take this agent; it is tried again until it does",
                metadata: ["coordinator": "\(settings.coordinator)", "reason": "\(reason)"])
        }
    }

    func received(_ message: Ccorchestrator_V1_CoordinatorMessage, at now: Instant) throws {
        link.lastHeard = now
        switch message.body {
        case .welcome(let welcome): try welcomed(welcome, at: now)
        case .refusal(let refusal): refused(refusal, at: now)
        case .introduceYourself: sayHello(at: now)
        case .heartbeatAck: break
        case .assign(let assign): assigned(assign, at: now)
        case .resultAck(let ack): forgetAll(ack.tokens)
        case .cancel(let cancel):
            for token in tokens(cancel.tokens) { cancelArrived(token, at: now) }
        case .permitAnswers(let answers): permits.answered(answers)
        case .permitReportsAck(let ack): permits.acknowledged(ack.number)
        case .recalculate: recalculate(at: now)
        case nil: dropped("an empty message, or one of a newer version")
        }
    }

    private func welcomed(_ welcome: Ccorchestrator_V1_Welcome, at now: Instant) throws {
        if let sentence = welcome.protocol.mismatch(with: "the coordinator at \(settings.coordinator)") {
            return leaveRefused(sentence, at: now)
        }
        guard ledger.withLock({ $0.welcomed(welcome) }) else { return }
        link.welcomed()
        for token in tokens(welcome.abandon) { abandon(token, at: now) }
        let blobsEndpoint = Socket.endpoint(announced: welcome.blobsEndpoint, reachedAt: "\(settings.coordinator)")
        if blobs?.endpoint != blobsEndpoint {
            blobs?.close()
            blobs = nil
            if !blobsEndpoint.isEmpty {
                do {
                    blobs = try BlobConnection(
                        context: context, endpoint: blobsEndpoint, keys: keys, serverKey: serverKey)
                } catch {
                    logger.warning(
                        "no connection for large contents; it is tried again at the next welcome",
                        metadata: ["reason": "\(error)"])
                }
            }
        }
        results.sessionBegan()
        permits.sessionBegan()
        logger.info(
            "at the coordinator's service",
            metadata: [
                "coordinator": "\(settings.coordinator)", "session": "\(welcome.session)", "term": "\(welcome.term)",
            ])
        ready.settle(true)
        sendHeartbeat(at: now)
        sendPermits()
        try sendResults(at: now)
    }

    /// What calls ask and tell. What could not be sent is sent with the next session.
    func sendPermits() {
        guard link.isUp, let terms = ledger.withLock({ $0.terms }) else { return }
        for message in permits.outgoing(session: terms.session) where !send(message) {
            permits.sessionBegan()
            return
        }
    }

    private func refused(_ refusal: Ccorchestrator_V1_Refusal, at now: Instant) {
        let sentence = refusal.message.isEmpty ? refusal.code : refusal.message
        if refusal.final { return leaveRefused(sentence, at: now) }
        if link.refused(sentence, at: now) {
            logger.warning("the coordinator refuses this agent for now", metadata: ["reason": "\(sentence)"])
        }
    }

    private func leaveRefused(_ sentence: String, at now: Instant) {
        guard departure.refusal == nil else { return }
        departure.refusal = AgentError(
            .refused, "the coordinator at \(settings.coordinator) refuses this agent: \(sentence)")
        stopNow(at: now)
    }

    /// A token that can't be read names nothing here.
    private func tokens(_ messages: [Ccorchestrator_V1_AttemptToken]) -> [AttemptToken] {
        var tokens: [AttemptToken] = []
        for message in messages {
            do { tokens.append(try AttemptToken(proto: message)) } catch { dropped("a token: \(error)") }
        }
        return tokens
    }

    private func forgetAll(_ messages: [Ccorchestrator_V1_AttemptToken]) {
        let tokens = tokens(messages)
        results.remove(tokens)
        if !carryingTranscript.isEmpty { tokens.forEach(forgetTranscript) }
        ledger.withLock { ledger in
            for token in tokens { ledger.forget(token) }
        }
        outbox.acknowledged(tokens)
    }

    func dropped(_ what: String) {
        droppedMessages += 1
        // The first, the tenth, the hundredth …: garbage fills no log.
        var step = 1
        while step < droppedMessages { step *= 10 }
        guard step == droppedMessages else { return }
        logger.warning(
            "something from the coordinator was dropped", metadata: ["what": "\(what)", "count": "\(droppedMessages)"])
    }

    // MARK: What is sent

    func sayHello(at now: Instant) {
        link.lastHello = now
        link.helloAgainAt = nil
        do { try connection.send(try ledger.helloFrame()) } catch {
            // It is said again after the next silence.
            logger.debug("a hello was not sent", metadata: ["reason": "\(error)"])
        }
    }

    func sendHeartbeat(at now: Instant) {
        guard link.isUp, let terms = ledger.withLock({ $0.terms }) else { return }
        link.lastHeartbeat = now
        var heartbeat = Ccorchestrator_V1_AgentHeartbeat()
        heartbeat.session = terms.session
        heartbeat.capacity = UInt32(capacity)
        heartbeat.instances = UInt32(pool.instances + execs.count)
        heartbeat.busy = UInt32(pool.busy + execs.count)
        heartbeat.outbox = UInt32(outbox.count)
        heartbeat.heldBecause = pool.heldBecause
        heartbeat.residentBytes = residentBytes
        heartbeat.instancesStarted = pool.instancesStarted
        heartbeat.pool = poolSize.proto
        retriesTold = runner.retries.entries
        heartbeat.apiRetries = retriesTold.map(\.proto)
        var message = Ccorchestrator_V1_AgentMessage()
        message.heartbeat = heartbeat
        send(message)
    }

    /// A result may be the last word of a job: what its turn's CLI repeated is told before it.
    func tellRetries(at now: Instant) {
        if runner.retries.entries != retriesTold { sendHeartbeat(at: now) }
    }

    func sendResults(at now: Instant) throws {
        guard link.isUp, let terms = ledger.withLock({ $0.terms }) else { return }
        while true {
            let batch = results.nextBatch(at: now)
            guard !batch.isEmpty else { break }
            // What was not taken goes with the repeats.
            guard send(frame: ResultFrame.bytes(session: terms.session, batch)) else { break }
        }
        try startUpload(at: now)
    }

    private func startUpload(at now: Instant) throws {
        guard uploading == nil, now >= nextUploadAt, let blobs, let next = try results.nextUpload() else { return }
        uploading = next.token
        Task { [feed, transcripts] in
            do {
                let uploader = BlobUploader(connection: blobs)
                let message = try await uploader.putTranscript(
                    of: try await uploader.replaceLargeTexts(in: next.message), next.token, from: transcripts)
                feed.yield(.uploaded(next.token, message))
            } catch {
                feed.yield(.uploadFailed(next.token, "\(error)"))
            }
        }
    }

    func uploadFailed(_ token: AttemptToken, _ reason: String, at now: Instant) {
        uploading = nil
        nextUploadAt = now + .seconds(2)
        logger.warning(
            "a large answer could not be put where the coordinator keeps it; it is tried again",
            metadata: ["task": "\(token)", "reason": "\(reason)"])
    }

    @discardableResult
    func send(_ message: Ccorchestrator_V1_AgentMessage) -> Bool {
        do {
            return send(frame: try message.serializedBytes())
        } catch {
            logger.debug("a message was not sent", metadata: ["reason": "\(error)"])
            return false
        }
    }

    private func send(frame: [UInt8]) -> Bool {
        do {
            try connection.send(frame)
            return true
        } catch {
            logger.debug("a message was not sent", metadata: ["reason": "\(error)"])
            return false
        }
    }

    // MARK: Time

    func tick(at now: Instant) throws {
        lookAtMemory(at: now)
        lookAtHost(at: now)
        lookForSilence(at: now)
        giveBackWaitingExecs(at: now)
        guard link.isUp else { return tellAbsence(at: now) }
        let terms = ledger.withLock { $0.terms }
        let heartbeat = terms?.heartbeat ?? CoordinatorLink.defaultHeartbeat
        if let again = link.helloAgainAt {
            if again <= now { sayHello(at: now) }
            return
        }
        let silence = Milliseconds(heartbeat.rawValue * Int64(CoordinatorLink.silentHeartbeats))
        if max(link.lastHeard, link.lastHello) + silence <= now { sayHello(at: now) }
        if link.lastHeartbeat + heartbeat <= now { sendHeartbeat(at: now) }
        sendPermits()
        try sendResults(at: now)
    }

    private func tellAbsence(at now: Instant) {
        guard !link.absenceWasTold, link.since + CoordinatorLink.patience <= now else { return }
        link.absenceWasTold = true
        logger.warning(
            "there is no coordinator; it is tried until there is, and what runs goes on",
            metadata: ["coordinator": "\(settings.coordinator)"])
    }

    /// What the coordinator is told: the pool's, unless there is nothing that needs a slot.
    private var capacity: Int {
        pool.capacity == settings.instances ? settings.capacity + execsAhead : pool.capacity
    }

    func tellCapacity() {
        let capacity = capacity
        ledger.withLock { $0.capacity = capacity }
        sendHeartbeat(at: Clocks.now())
    }

    func capacityChanged() {
        tellCapacity()
        let capacity = capacity
        let reason = pool.heldBecause
        // That it leaves was said already.
        guard !departure.isLeaving else { return }
        if !reason.isEmpty {
            logger.warning("less work is taken", metadata: ["capacity": "\(capacity)", "reason": "\(reason)"])
        } else {
            logger.info("as much work is taken as usual", metadata: ["capacity": "\(capacity)"])
        }
    }

    func outboxHoldChanged(at now: Instant) { perform(pool.holdChanged(to: outbox.heldBecause, at: now)) }
}

extension RetryTally.Entry {
    fileprivate var proto: Ccorchestrator_V1_ApiRetries {
        var message = Ccorchestrator_V1_ApiRetries()
        message.error = error
        message.status = status.flatMap { UInt32(exactly: $0) } ?? 0
        message.count = count
        return message
    }
}
