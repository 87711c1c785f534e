import ClusterModel

/// What instances do. An input that names an instance of the past changes nothing.
extension AgentPool {
    /// It answers and waits for its first prompt.
    public mutating func instanceStarted(_ id: InstanceID, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .starting(let starting) = pool.current(id) else { return }
            pool.spawn.startSucceeded()
            pool.slots[id.slot].born = now
            pool.lifecycle.add(.init(id, .created, starting.attempt == nil ? .spare : .task))
            if let queued = starting.attempt {
                pool.run(queued.attempt, on: id.slot, turns: 1, at: now)
            } else if starting.resumes {
                pool.clear(id.slot, starting.fingerprint, turns: 0, at: now)
            } else {
                pool.slots[id.slot].state = .idle(.init(fingerprint: starting.fingerprint, turns: 0, since: now))
            }
        }
    }

    /// It never answered. Its attempt waits for another start, or ends when too many failed for it.
    public mutating func startFailed(_ id: InstanceID, _ failure: StartFailure, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .starting(let starting) = pool.current(id) else { return }
            pool.startDidFail(starting, failure, on: id, at: now)
        }
    }

    /// Its turn is over.
    public mutating func turnEnded(_ id: InstanceID, _ report: TurnReport, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .busy(let busy) = pool.current(id) else { return }
            pool.turnDidEnd(busy, report, on: id, at: now)
        }
    }

    /// A call of its turn waits for a permit: the turn's time stands still.
    public mutating func callHeld(_ id: InstanceID, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .busy(var busy) = pool.current(id) else { return }
            busy.holds += 1
            if busy.heldSince == nil { busy.heldSince = now }
            pool.slots[id.slot].state = .busy(busy)
        }
    }

    /// A call that was held waits no more, however that came.
    public mutating func callReleased(_ id: InstanceID, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .busy(var busy) = pool.current(id), busy.holds > 0 else { return }
            busy.holds -= 1
            if busy.holds == 0, let since = busy.heldSince {
                busy.deadline = busy.deadline + now.milliseconds(since: since)
                busy.heldSince = nil
            }
            pool.slots[id.slot].state = .busy(busy)
        }
    }

    /// `/clear` was answered by a new session, or not.
    public mutating func cleared(_ id: InstanceID, succeeded: Bool, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .clearing(let clearing) = pool.current(id) else { return }
            guard succeeded else { return pool.stop(id.slot, .clear, at: now) }
            if pool.isOld(id.slot, at: now) { return pool.stop(id.slot, .age, at: now) }
            pool.slots[id.slot].state = .idle(
                .init(fingerprint: clearing.fingerprint, turns: clearing.turns, since: now))
        }
    }

    /// Its process ended by itself while it had no turn. (In a turn, `turnEnded` says so.)
    public mutating func instanceDied(_ id: InstanceID, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            switch pool.current(id) {
            case .idle, .clearing: pool.stop(id.slot, .died, at: now)
            case .empty, .starting, .busy, .stopping, nil: break
            }
        }
    }

    /// Nothing of it lives any more.
    public mutating func instanceStopped(_ id: InstanceID, at now: Instant) -> [Effect] {
        react(at: now) { pool in
            guard case .stopping = pool.current(id) else { return }
            pool.slots[id.slot].state = .empty
        }
    }

    // MARK: Inside

    func current(_ id: InstanceID) -> Slot<Fingerprint>.State? {
        guard slots.indices.contains(id.slot), slots[id.slot].generation == id.generation else { return nil }
        return slots[id.slot].state
    }

    mutating func run(_ attempt: PoolAttempt<Fingerprint>, on index: Int, turns: Int, at now: Instant) {
        slots[index].state = .busy(.init(attempt: attempt, turns: turns, deadline: now + attempt.timeout))
        effects.append(.runTurn(id(index), attempt.token))
    }

    /// Ends the instance in this slot.
    mutating func stop(_ index: Int, _ reason: LifecycleEvent.Reason, at now: Instant) {
        let kind: LifecycleEvent.Kind =
            switch reason {
            case .died, .startFailed, .leaving, .shed, .hung: .terminated
            default: .recycled
            }
        lifecycle.add(.init(id(index), kind, reason))
        slots[index].state = .stopping(.init(deadline: now + configuration.stopTimeout, killed: false))
        effects.append(.stop(id(index)))
    }

    private mutating func turnDidEnd(
        _ busy: Slot<Fingerprint>.Busy, _ report: TurnReport, on id: InstanceID, at now: Instant
    ) {
        let token = busy.attempt.token
        let end: AttemptEnd =
            switch busy.ending?.end {
            // It was done before the interrupt reached it.
            case .timedOut where report.succeeded, .silent where report.succeeded, .cancelled where report.succeeded,
                .handedBack(.held) where report.succeeded:
                .turn
            case let early?: early
            case nil: .turn
            }
        let wear = wear(of: busy, report, on: id.slot, at: now)
        let isReusable = wear == nil
        var isCleared = false
        if isReusable, report.succeeded, let context = busy.attempt.conversation?.context, !context.isEmpty,
            let head = report.head
        {
            slots[id.slot].state = .idle(
                .init(
                    fingerprint: busy.attempt.fingerprint, turns: busy.turns, since: now,
                    holds: HeldConversation(context: context, head: head)))
        } else if isReusable {
            isCleared = true
            slots[id.slot].state = .clearing(
                .init(
                    fingerprint: busy.attempt.fingerprint, turns: busy.turns,
                    deadline: now + configuration.clearTimeout))
        }
        if let wear { stop(id.slot, wear, at: now) }
        self.end(token, end, on: id)
        if end == .turn, report.credentialRefused {
            suspend(.credentialRefused, by: token, at: now)
        } else {
            probeEnded(token, wasTried: end == .turn || end == .timedOut || end.isSilence)
        }
        if isCleared { effects.append(.clear(id)) }
    }

    /// Why the instance can't serve another turn; nil: it can.
    private func wear(of busy: Slot<Fingerprint>.Busy, _ report: TurnReport, on index: Int, at now: Instant)
        -> LifecycleEvent.Reason?
    {
        if leaving { return .leaving }
        if busy.ending != nil { return .interrupted }
        if !report.instanceIsSound || report.credentialRefused { return .error }
        if busy.turns >= configuration.tasksPerInstance { return .tasks }
        if instances - stopping > size { return .shed }
        return busy.worn ?? (isOld(index, at: now) ? .age : nil)
    }

    mutating func startDidFail(
        _ starting: Slot<Fingerprint>.Starting, _ failure: StartFailure, on id: InstanceID, at now: Instant
    ) {
        spawn.startFailed(at: now)
        stop(id.slot, .startFailed, at: now)
        guard var queued = starting.attempt else { return }
        let token = queued.attempt.token
        queued.failedStarts += 1
        if queued.failedStarts >= configuration.startsPerAttempt {
            end(token, .startsFailed(failure), on: id)
            // A conversation that can't be taken up is its own trouble: other starts go well.
            if starting.resumes, !failure.programIsMissing {
                probeEnded(token, wasTried: false)
            } else {
                suspend(.startsFail(failure.message), by: token, at: now)
            }
        } else if let suspension, suspension.probe != token {
            end(token, .handedBack(.suspended(suspension.reason)), on: id)
        } else {
            queue.prepend(queued)
        }
    }
}
