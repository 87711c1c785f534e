import ClusterModel
import ClusterWire
import Logging

/// How the agent leaves.
struct Departure {
    /// How long results may wait for a coordinator that is there, and for one that isn't.
    static let handOver: Milliseconds = .seconds(30)
    static let handOverAlone: Milliseconds = .seconds(5)
    /// How long a second signal still waits for what was not handed over.
    static let handOverNow: Milliseconds = .seconds(1)
    /// How long it waits for killed instances; the guards end what is left when this process does.
    static let killing: Milliseconds = .seconds(8)

    var isLeaving = false
    /// Set by the second signal.
    var isHurried = false
    var poolIsEmpty = false
    /// Set once nothing runs.
    var emptySince: Instant?
    var hurriedSince: Instant?
    var refusal: AgentError?
    var isComplete = false
}

extension AgentEngine {
    func drain(at now: Instant) {
        guard !departure.isLeaving else { return }
        departure.isLeaving = true
        logger.info("leaving: no new work is taken, what runs may finish", metadata: ["running": "\(attempts.count)"])
        giveBackWaitingExecs(at: now)
        perform(pool.drainBegan(at: now))
    }

    func stopNow(at now: Instant) {
        guard !departure.isHurried else { return }
        departure.isLeaving = true
        departure.isHurried = true
        departure.hurriedSince = now
        logger.info("stopping now: what runs is handed back", metadata: ["running": "\(attempts.count)"])
        giveBackWaitingExecs(at: now)
        killExecs()
        perform(pool.stopNowArrived(at: now))
    }

    /// After each input: whether the agent is gone.
    func look(at now: Instant) {
        guard departure.isLeaving, !departure.isComplete else { return }
        if let since = departure.hurriedSince, since + Departure.killing <= now { return leave(now) }
        guard departure.poolIsEmpty, execs.isEmpty else { return }
        let emptySince = departure.emptySince ?? now
        departure.emptySince = emptySince
        if attempts.isEmpty, writing == 0, results.isEmpty {
            if let terms = ledger.withLock({ $0.terms }), departure.refusal == nil {
                var message = Ccorchestrator_V1_AgentMessage()
                message.goodbye.session = terms.session
                send(message)
            }
            return leave(now)
        }
        if departure.refusal != nil { return leave(now) }
        let limit =
            departure.isHurried
            ? Departure.handOverNow : link.isUp ? Departure.handOver : Departure.handOverAlone
        if emptySince + limit <= now { leave(now) }
    }

    private func leave(_ now: Instant) {
        departure.isComplete = true
        let left = results.count + attempts.count
        guard left > 0 else { return logger.info("left") }
        logger.warning(
            "left with results that the coordinator has not acknowledged: they are handed over at the next start",
            metadata: ["results": "\(left)", "outbox": "\(settings.stateDirectory)"])
    }
}
