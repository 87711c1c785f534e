import ClusterModel

extension AgentPool {
    /// Gives waiting attempts what is free. An attempt that must wait for a start doesn't hold up one whose instance is warm.
    mutating func dispatch(at now: Instant) {
        guard !queue.isEmpty else { return }
        let hasIdle = slots.contains { if case .idle = $0.state { true } else { false } }
        // The usual case by far: every input comes here, and hundreds of attempts may wait for hundreds of slots.
        guard hasIdle || mayStart(at: now) else { return }
        var waiting: [Queued<Fingerprint>] = []
        while let queued = queue.popFirst() {
            if hasIdle, let index = idleSlot(for: queued.attempt), case .idle(let idle) = slots[index].state {
                run(queued.attempt, on: index, turns: idle.turns + 1, at: now)
            } else {
                waiting.append(queued)
            }
        }
        var empty = slots.indices.filter { if case .empty = slots[$0].state { true } else { false } }[...]
        var comingFree = slots.count { if case .stopping = $0.state { true } else { false } }
        var comingClear: [Fingerprint: Int] = [:]
        var starting = slots.count { if case .starting = $0.state { true } else { false } }
        var live = slots.count - empty.count
        for queued in waiting {
            // A spare is launched with an empty conversation.
            if queued.attempt.conversation?.head.isEmpty ?? true,
                let index = spareOnItsWay(for: queued.attempt.fingerprint)
            {
                guard case .starting(var spare) = slots[index].state else { continue }
                spare.attempt = queued
                slots[index].state = .starting(spare)
            } else if live < size, let index = empty.first {
                if starting < configuration.startsAtOnce, spawn.take(at: now) {
                    empty.removeFirst()
                    starting += 1
                    live += 1
                    start(queued, in: index, at: now)
                } else {
                    queue.append(queued)
                }
            } else {
                queue.append(queued)
                if comingFree > 0 {
                    comingFree -= 1
                } else if waitsForClear(queued.attempt, &comingClear) {
                    continue
                } else if clearHolding(for: queued.attempt, at: now) {
                    // It is taken by the one that it was cleared for.
                    continue
                } else if spawn.nextStart <= now, let index = leastRecentlyUsed() {
                    stop(index, .room, at: now)
                }
            }
        }
    }

    /// Whether an empty slot could get an instance now.
    private func mayStart(at now: Instant) -> Bool {
        guard spawn.nextStart <= now else { return false }
        var starting = 0
        var hasEmpty = false
        for slot in slots {
            switch slot.state {
            case .empty: hasEmpty = true
            case .starting: starting += 1
            case .idle, .busy, .clearing, .stopping: break
            }
        }
        return hasEmpty && starting < configuration.startsAtOnce
    }

    /// Whether an instance that is being cleared will serve this attempt, others before it not counted.
    private func waitsForClear(
        _ attempt: PoolAttempt<Fingerprint>, _ comingClear: inout [Fingerprint: Int]
    ) -> Bool {
        guard attempt.conversation?.head.isEmpty ?? true else { return false }
        let left = comingClear[attempt.fingerprint] ?? clearing(attempt.fingerprint)
        comingClear[attempt.fingerprint] = max(0, left - 1)
        return left > 0
    }

    private mutating func start(_ queued: Queued<Fingerprint>, in index: Int, at now: Instant) {
        slots[index].begin()
        instancesStarted += 1
        slots[index].state = .starting(
            .init(
                fingerprint: queued.attempt.fingerprint, attempt: queued, deadline: now + configuration.startTimeout,
                resumes: queued.attempt.conversation.map { !$0.head.isEmpty } ?? false))
        effects.append(.start(id(index), queued.attempt.fingerprint, for: queued.attempt.token))
    }

    /// The idle instance that holds the attempt's conversation; for an attempt that begins one, the idle instance of its launch without any that
    /// was used last: the others grow old and make room.
    private func idleSlot(for attempt: PoolAttempt<Fingerprint>) -> Int? {
        if let conversation = attempt.conversation, !conversation.head.isEmpty {
            return warmSlot(for: conversation, attempt.fingerprint)
        }
        var best: (index: Int, since: Instant)?
        for index in slots.indices {
            guard case .idle(let idle) = slots[index].state, idle.fingerprint == attempt.fingerprint, idle.holds == nil
            else { continue }
            if let known = best, known.since >= idle.since { continue }
            best = (index, idle.since)
        }
        return best?.index
    }

    /// One that starts for nobody, as this attempt needs it.
    private func spareOnItsWay(for fingerprint: Fingerprint) -> Int? {
        slots.firstIndex {
            if case .starting(let starting) = $0.state {
                starting.attempt == nil && !starting.resumes && starting.fingerprint == fingerprint
            } else {
                false
            }
        }
    }

    func leastRecentlyUsed() -> Int? {
        var best: (index: Int, since: Instant)?
        for index in slots.indices {
            guard case .idle(let idle) = slots[index].state else { continue }
            if let known = best, known.since <= idle.since { continue }
            best = (index, idle.since)
        }
        return best?.index
    }
}
