import ClusterModel

/// Turns of one conversation: the instance that holds it serves the next turn and nobody else. When others need its place, it is cleared or
/// stopped like any idle one, least recently used first; the next turn then has an instance launched from the transcript.
extension AgentPool {
    /// Whether an instance waits that holds what this attempt goes on from. If so, the attempt runs there as soon as it arrives.
    public func holds(_ conversation: PoolConversation, for fingerprint: Fingerprint) -> Bool {
        warmSlot(for: conversation, fingerprint) != nil
    }

    /// Whether the attempt's turn was interrupted since its calls were held for too long.
    public func isHeldTooLong(_ token: AttemptToken) -> Bool {
        guard let index = slots.firstIndex(where: { $0.token == token }), case .busy(let busy) = slots[index].state
        else { return false }
        return busy.ending?.end == .handedBack(.held)
    }

    /// How many idle instances hold a conversation.
    public var holding: Int {
        slots.count { if case .idle(let idle) = $0.state { idle.holds != nil } else { false } }
    }

    func warmSlot(for conversation: PoolConversation, _ fingerprint: Fingerprint) -> Int? {
        guard !conversation.head.isEmpty, !conversation.needsLaunch, !conversation.context.isEmpty else { return nil }
        let wanted = HeldConversation(context: conversation.context, head: conversation.head)
        return slots.firstIndex {
            if case .idle(let idle) = $0.state {
                idle.holds == wanted && idle.fingerprint == fingerprint
            } else {
                false
            }
        }
    }

    /// A context's turn has arrived: an instance that holds another state of it, or was launched otherwise than the turn needs, is of no more use.
    mutating func stopOutdated(by attempt: PoolAttempt<Fingerprint>, at now: Instant) {
        guard let conversation = attempt.conversation, !conversation.context.isEmpty else { return }
        let warm = warmSlot(for: conversation, attempt.fingerprint)
        for index in slots.indices where index != warm {
            guard case .idle(let idle) = slots[index].state, idle.holds?.context == conversation.context else {
                continue
            }
            stop(index, .outdated, at: now)
        }
    }

    /// Makes room for an attempt that needs an empty conversation: the instance of its launch that has held one for longest is cleared, which
    /// takes a fraction of a start. False: there is none.
    mutating func clearHolding(for attempt: PoolAttempt<Fingerprint>, at now: Instant) -> Bool {
        guard attempt.conversation?.head.isEmpty ?? true else { return false }
        var best: (index: Int, since: Instant)?
        for index in slots.indices {
            guard case .idle(let idle) = slots[index].state, idle.holds != nil, idle.fingerprint == attempt.fingerprint
            else { continue }
            if let known = best, known.since <= idle.since { continue }
            best = (index, idle.since)
        }
        guard let best, case .idle(let idle) = slots[best.index].state else { return false }
        clear(best.index, idle.fingerprint, turns: idle.turns, at: now)
        return true
    }

    /// Instances of that launch that are being cleared: each will serve somebody who waits.
    func clearing(_ fingerprint: Fingerprint) -> Int {
        slots.count {
            if case .clearing(let clearing) = $0.state { clearing.fingerprint == fingerprint } else { false }
        }
    }

    mutating func clear(_ index: Int, _ fingerprint: Fingerprint, turns: Int, at now: Instant) {
        slots[index].state = .clearing(
            .init(fingerprint: fingerprint, turns: turns, deadline: now + configuration.clearTimeout))
        effects.append(.clear(id(index)))
    }
}
