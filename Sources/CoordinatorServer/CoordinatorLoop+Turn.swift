import ClusterModel
import ClusterWire
import CoordinatorCore
import CoordinatorStore
import Foundation
import Logging
import ZeroMQ

extension CoordinatorLoop {
    /// Hands the gathered turn to the store, or carries it out at once when it records nothing and nothing is on its way to disk.
    func turnOver() throws {
        guard inFlight == nil, core.hasPendingTurn || !turnReplies.isEmpty else { return }
        let turn = core.takeTurn()
        remember(turn.records)
        var flight = InFlight(effects: turn.effects, replies: turnReplies, prompts: [:], wanted: [])
        turnReplies = []
        for record in turn.records { if case .quotas(let snapshot) = record { flight.quotas = snapshot.number } }
        for effect in turn.effects {
            guard case .assign(_, let orders) = effect else { continue }
            for order in orders {
                let task = order.token.task
                if let prompt = payloads.take(task) {
                    flight.prompts[task] = prompt
                } else {
                    flight.wanted.append(task)
                }
            }
        }
        if turn.records.isEmpty && flight.wanted.isEmpty { return try release(flight) }
        storeThread.commit(CommitWork(records: turn.records, promptsWanted: flight.wanted))
        inFlight = flight
    }

    private func remember(_ records: [DurableRecord]) {
        for record in records {
            if case .pruned(_, _, _, isLast: true) = record { blobsMayBeLeft = true }
            guard case .tasksAdded(let job, let first, _, let tasks, _) = record else { continue }
            for (offset, task) in tasks.enumerated() {
                payloads.insert(task.prompt, for: TaskID(job: job, index: first + UInt32(offset)))
            }
        }
    }

    /// The store's thread has an outcome for the turn in flight.
    func committed(_ outcome: CommitOutcome) throws {
        guard var flight = inFlight else { return }
        inFlight = nil
        if case .failed = outcome {
        } else if let number = flight.quotas {
            core.quotasRecorded(number, at: clock.instant())
        }
        switch outcome {
        case .done(let prompts):
            troubles = 0
            commits += 1
            for (task, prompt) in zip(flight.wanted, prompts) { flight.prompts[task] = prompt }
            try release(flight)
            sweepBlobs()
        case .unread(let error):
            // What the turn did is on disk and may be told. Its assignments stay unsent: a new hello does not name them.
            flight.effects.removeAll { if case .assign = $0 { true } else { false } }
            try release(flight)
            try startOver(after: error, InFlight(effects: [], replies: [], prompts: [:], wanted: []))
        case .failed(let error): try startOver(after: error, flight)
        }
    }

    /// After the last of several prunes, what their jobs alone had named goes, too.
    private func sweepBlobs() {
        guard blobsMayBeLeft, !core.hasSweeps else { return }
        let isTaken = queryThread.run { [blobs, logger, now = clock.now().wall] store in
            do { blobs.sweep(keeping: try store.referencedBlobs(), now: now) } catch {
                logger.error("what names blobs can't be read: they stay", metadata: ["error": "\(error)"])
            }
        }
        if isTaken { blobsMayBeLeft = false }
    }

    private func release(_ flight: InFlight) throws {
        for effect in flight.effects { try perform(effect, prompts: flight.prompts) }
        for reply in flight.replies { try send(reply) }
    }

    /// Nothing of the turn is on disk, so nothing of it happened: whoever waits is refused, and the core is made anew from the store,
    /// as after a restart. Agents introduce themselves again and repeat what was not acknowledged.
    private func startOver(after error: StoreError, _ flight: InFlight) throws {
        troubles += 1
        logger.error(
            "a transaction failed; going back to what is on disk",
            metadata: ["error": "\(error)", "in_a_row": "\(troubles)"])
        guard error.code == .diskFull || troubles < 3 else { throw error }
        let lost = core.takeTurn().effects
        for effect in flight.effects + lost {
            guard case .reply(let handle, _) = effect, let waiting = waitingReplies.removeValue(forKey: handle.rawValue)
            else { continue }
            let code = error.code == .diskFull ? RefusalCode.diskFull.rawValue : "store"
            try send(OutgoingReply(route: waiting.route, frame: failure(waiting.request, code, error.description)))
        }
        // These tell of a state that never was: who asked asks again.
        turnReplies = []
        unwelcomeRoutes = [:]
        let routes = agentOfRoute.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        agentOfRoute = [:]
        routeOfAgent = [:]
        payloads = PayloadCache(bytesAtMost: Int(settings.payloadCacheBytes))
        let givenUp = core
        core = try Self.recoveredCore(settings: settings, store: store, now: clock.now(), logger: logger)
        core.follow(givenUp, at: clock.instant())
        core.diskMeasured(isLow: error.code == .diskFull)
        // What agents say has to be written down. A disk that stays full is tried again after pauses, in which clients are answered; nobody
        // is blamed for them.
        let pause = Milliseconds(Int64(min(troubles, Self.longestPauses)) * 200)
        agentsHeldUntil = clock.instant() + pause
        core.loopStalled(for: pause)
        nextDiskCheck = clock.instant() + .seconds(1)
        for route in routes { try introduceYourself(route) }
    }
}
