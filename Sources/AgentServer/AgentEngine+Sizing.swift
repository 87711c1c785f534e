import AgentPool
import ClusterModel
import Logging

/// How many instances there may be, by what the host has.
extension AgentEngine {
    /// Between two looks at the host.
    static let hostInterval: Milliseconds = .seconds(5)

    /// An operator wants to know now.
    func recalculate(at now: Instant) {
        nextMemoryLook = now
        lookAtMemory(at: now)
        lookAtHost(at: now, isFirm: true)
        sendHeartbeat(at: now)
    }

    /// Once, when the agent begins: what was asked for is started, whatever the host has.
    func warnOfSize() {
        guard settings.instancesAreExplicit, settings.policy.runners.contains("claude") else { return }
        let (cap, reason) = PoolSizer.cap(host.measure(), live: 0, residentBytes: 0)
        guard settings.instances > cap else { return }
        logger.warning(
            "more instances were asked for than this host can bear; they are started all the same",
            metadata: ["instances": "\(settings.instances)", "can_bear": "\(cap)", "reason": "\(reason)"])
    }

    func lookAtHost(at now: Instant, isFirm: Bool = false) {
        guard isFirm || now >= nextHostLook, settings.policy.runners.contains("claude") else { return }
        nextHostLook = now + Self.hostInterval
        let measured = UInt64(instances.count)
        sizer.measured(
            host.measure(), live: pool.instances, busy: pool.busy,
            residentBytes: measured > 0 ? residentBytes / measured : 0, isFirm: isFirm, at: now)
        // Bytes change all the time: what is told is which resource it is.
        guard sizer.size != pool.size else { return }
        perform(pool.sizeChanged(to: sizer.size, because: sizer.because, at: now))
    }

    /// What the coordinator is told.
    var poolSize: PoolSize {
        PoolSize(
            size: UInt32(pool.size), limit: UInt32(settings.instances), because: pool.sizeReason,
            counts: pool.lifecycleCounts)
    }

    /// Each instance's beginning and end as a line with its name: `instance:created`, `instance:recycled`, `instance:terminated`.
    func tellLifecycle() {
        for event in pool.takeLifecycle() {
            logger.info(
                "instance:\(event.kind.rawValue)",
                metadata: [
                    "instance": "\(settings.name)/\(event.instance)", "reason": "\(event.reason.rawValue)",
                ])
        }
    }
}
