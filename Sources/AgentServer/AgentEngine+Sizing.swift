import ClusterModel

/// How many instances there may be, by what the host has.
extension AgentEngine {
    /// An operator wants to know now.
    func recalculate(at now: Instant) {
        lookAtMemory(at: now)
        sendHeartbeat(at: now)
    }
}
