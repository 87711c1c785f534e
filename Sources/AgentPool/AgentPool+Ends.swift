import ClusterModel

/// How attempts end before their time, and what follows for the pool.
extension AgentPool {
    mutating func end(_ token: AttemptToken, _ end: AttemptEnd, on id: InstanceID?) {
        effects.append(.end(token, end, on: id))
    }

    mutating func handBackQueue(_ why: HandBack) {
        while let queued = queue.popFirst() { end(queued.attempt.token, .handedBack(why), on: nil) }
    }

    mutating func endEarly(_ token: AttemptToken, _ how: AttemptEnd, at now: Instant) {
        if let index = queue.firstIndex(where: { $0.attempt.token == token }) {
            queue.remove(at: index)
            end(token, how, on: nil)
            probeEnded(token, wasTried: false)
            return
        }
        guard let index = slots.firstIndex(where: { $0.token == token }) else { return }
        switch slots[index].state {
        case .starting(var starting):
            starting.attempt = nil
            slots[index].state = .starting(starting)
            end(token, how, on: id(index))
            probeEnded(token, wasTried: false)
        case .busy(var busy):
            if busy.ending == nil {
                busy.ending = .init(end: how, step: .interrupted, deadline: now + configuration.grace)
                effects.append(.interrupt(id(index)))
            } else if busy.ending?.end != .abandoned {
                busy.ending?.end = how
            }
            slots[index].state = .busy(busy)
        case .empty, .idle, .clearing, .stopping: break
        }
    }

    // MARK: Suspension

    /// Stops taking work. A refusal that comes while the pool rests already, of a turn that began before, lengthens nothing.
    mutating func suspend(_ reason: Suspension.Reason, by token: AttemptToken, at now: Instant) {
        guard !leaving else { return }
        if let known = suspension {
            guard known.probe == token else { return }
            let rest = min(known.rest + known.rest, configuration.suspensionLimit)
            suspension = Suspension(reason: reason, rest: rest, until: now + rest)
        } else {
            suspension = Suspension(
                reason: reason, rest: configuration.suspension, until: now + configuration.suspension)
        }
        handBackQueue(.suspended(reason))
    }

    /// The one that was to try: if it came as far as the service, the pool is well again, else another may try.
    mutating func probeEnded(_ token: AttemptToken, wasTried: Bool) {
        guard suspension?.probe == token else { return }
        if wasTried { suspension = nil } else { suspension?.probe = nil }
    }

    // MARK: Time

    func nextWake(at now: Instant) -> Instant? {
        var next: Instant?
        func consider(_ time: Instant) { next = min(next ?? time, time) }
        for slot in slots {
            if let deadline = slot.deadline(configuration) { consider(deadline) }
        }
        if let suspension, !suspension.probing { consider(suspension.until) }
        // A start that is allowed already waits for a slot or for another start, and those come as inputs.
        if !queue.isEmpty, spawn.nextStart > now { consider(spawn.nextStart) }
        return next
    }

    mutating func checkDeadlines(at now: Instant) {
        if let known = suspension, !known.probing, known.until <= now { suspension?.probing = true }
        for index in slots.indices {
            guard let deadline = slots[index].deadline(configuration), deadline <= now else {
                continue
            }
            switch slots[index].state {
            case .empty: break
            case .idle: stop(index, .age, at: now)
            case .starting(let starting):
                effects.append(.kill(id(index)))
                let failure = StartFailure(
                    message:
                        "claude did not answer within \(configuration.startTimeout.rawValue / 1000) s of its start",
                    programIsMissing: false)
                startDidFail(starting, failure, on: id(index), at: now)
            case .busy(let busy): turnIsLate(busy, on: index, at: now)
            case .clearing: stop(index, .clear, at: now)
            case .stopping:
                slots[index].state = .stopping(.init(deadline: deadline, killed: true))
                effects.append(.kill(id(index)))
            }
        }
    }

    private mutating func turnIsLate(_ late: Slot<Fingerprint>.Busy, on index: Int, at now: Instant) {
        var busy = late
        let next = now + configuration.grace
        switch busy.ending?.step {
        case nil:
            let end: AttemptEnd = busy.heldSince == nil ? .timedOut : .handedBack(.held)
            busy.ending = .init(end: end, step: .interrupted, deadline: next)
            effects.append(.interrupt(id(index)))
        case .interrupted:
            busy.ending?.step = .terminated
            busy.ending?.deadline = next
            effects.append(.terminate(id(index)))
        case .terminated:
            busy.ending?.step = .killed
            busy.ending?.deadline = next
            effects.append(.kill(id(index)))
        case .killed:
            // Even KILL can be late, for a process that waits in the kernel: its attempt doesn't wait with it.
            let token = busy.attempt.token
            end(token, busy.ending?.end ?? .timedOut, on: id(index))
            probeEnded(token, wasTried: busy.ending?.end == .timedOut)
            stop(index, .hung, at: now)
            return
        }
        slots[index].state = .busy(busy)
    }
}
