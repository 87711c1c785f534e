import ClusterModel

/// How many instances there may be now, and those that are started before they are needed.
extension AgentPool {
    /// The host has room for so many instances: no more are started, and idle ones above it are stopped, those that were not used for
    /// longest first. At least one is left, so that work goes on.
    public mutating func sizeChanged(to size: Int, because reason: String, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            pool.size = min(max(1, size), pool.configuration.slots)
            pool.sizeReason = pool.size < pool.configuration.slots ? reason : ""
            while pool.instances - pool.stopping > pool.size, let index = pool.leastRecentlyUsed() {
                pool.stop(index, .shed, at: now)
            }
        }
    }

    var stopping: Int { slots.count { if case .stopping = $0.state { true } else { false } } }

    /// Starts instances like the last that was asked for, until as many as configured are idle or on their way there.
    mutating func keepSpares(at now: Instant) {
        guard configuration.spares > 0, let fingerprint = latestFingerprint, queue.isEmpty, capacity > 0,
            suspension == nil
        else { return }
        var ready = slots.count { slot in
            switch slot.state {
            case .idle(let idle): idle.fingerprint == fingerprint
            case .starting(let starting): starting.fingerprint == fingerprint && starting.attempt == nil
            case .clearing(let clearing): clearing.fingerprint == fingerprint
            case .empty, .busy, .stopping: false
            }
        }
        var starting = slots.count { if case .starting = $0.state { true } else { false } }
        for index in slots.indices where ready < configuration.spares {
            guard case .empty = slots[index].state else { continue }
            guard instances < size, starting < configuration.startsAtOnce, spawn.take(at: now) else { return }
            ready += 1
            starting += 1
            slots[index].begin()
            instancesStarted += 1
            slots[index].state = .starting(
                .init(fingerprint: fingerprint, attempt: nil, deadline: now + configuration.startTimeout))
            effects.append(.startSpare(id(index), fingerprint))
        }
    }
}
