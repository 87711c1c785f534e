import AgentPool
import ClaudeProcess
import ClusterModel

/// Instances that say nothing.
extension AgentEngine {
    /// Between two looks.
    static let silenceInterval: Milliseconds = .seconds(1)

    /// An instance that waits for the service or for a tool has a reason to be silent: both have limits of their own.
    func lookForSilence(at now: Instant) {
        guard now >= nextSilenceLook else { return }
        nextSilenceLook = now + Self.silenceInterval
        let clock = ContinuousClock.now
        for id in instances.keys {
            guard let record = instances[id], let began = record.turnBegan else { continue }
            let heard = record.instance.lastActivity
            let hasSpoken = heard > began
            // Without the gateway nobody knows of its calls.
            if hasSpoken, !settings.hasGateway || record.instance.awaitsTool || permits.isCalling(id) {
                instances[id]?.quietSince = clock
                continue
            }
            let since = max(began, heard, record.quietSince ?? began)
            perform(
                pool.silenceMeasured(
                    id, Milliseconds((clock - since).milliseconds), hasSpoken: hasSpoken, at: now))
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
