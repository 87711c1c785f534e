import ClusterModel

/// What is measured of instances from outside.
extension AgentPool {
    /// What it holds in memory; its descendants are not counted.
    public mutating func memoryMeasured(_ id: InstanceID, residentBytes: UInt64, at now: Instant) -> [Effect] {
        guard let state = current(id) else { return [] }
        if slots[id.slot].firstResident == 0 { slots[id.slot].firstResident = residentBytes }
        // Told for each instance time and again: what changes nothing must not look over the whole pool.
        guard let reason = wear(of: id.slot, residentBytes, at: now) else { return [] }
        return react(at: now) { pool in
            switch state {
            case .idle: pool.stop(id.slot, reason, at: now)
            case .busy(var busy):
                busy.worn = busy.worn ?? reason
                pool.slots[id.slot].state = .busy(busy)
            case .clearing, .empty, .starting, .stopping: break
            }
        }
    }

    /// Why an instance is to be replaced between tasks; nil: it is as good as new.
    private func wear(of index: Int, _ residentBytes: UInt64, at now: Instant) -> LifecycleEvent.Reason? {
        let limit = configuration.residentLimitBytes
        if limit > 0, residentBytes > limit { return .memory }
        let (first, growth) = (slots[index].firstResident, configuration.residentGrowthBytes)
        if growth > 0, residentBytes > first, residentBytes - first > growth { return .growth }
        return isOld(index, at: now) ? .age : nil
    }

    func isOld(_ index: Int, at now: Instant) -> Bool {
        guard configuration.ageLimit > 0, let born = slots[index].born else { return false }
        return born + configuration.ageLimit <= now
    }

    /// A turn's instance has said nothing for so long, and none of its calls is under way: nothing that it waits for is known here.
    ///
    /// - Parameters:
    ///   - silence: Since its last line, or since its turn began if that was later.
    ///   - hasSpoken: It wrote a line in this turn.
    public mutating func silenceMeasured(_ id: InstanceID, _ silence: Milliseconds, hasSpoken: Bool, at now: Instant)
        -> [Effect]
    {
        react(at: now) { pool in
            guard case .busy(var busy) = pool.current(id), busy.ending == nil, busy.holds == 0 else { return }
            let limit = hasSpoken ? pool.configuration.silenceLimit : pool.configuration.firstByteLimit
            guard limit > 0, silence >= limit else { return }
            busy.ending = .init(
                end: .silent(silence, hasSpoken: hasSpoken), step: .interrupted,
                deadline: now + pool.configuration.grace)
            pool.effects.append(.interrupt(id))
            pool.slots[id.slot].state = .busy(busy)
        }
    }
}
