import ClusterModel

extension QuotaBook {
    /// Grants a request at once, or lines it up. Throws a sentence when it can never be met, or too much waits already.
    public mutating func ask(_ request: PermitRequest, at now: Instant) throws(QuotaRefusal) -> PermitAnswer {
        let now = latest(now)
        let costs = try checked(request.costs)
        guard permits.count < mostPermits else {
            throw QuotaRefusal(
                code: .full,
                message: "\(permits.count) permits are open or wait, which is the most: settle some, then ask again")
        }
        let mustWait = isAnythingAhead(of: costs, priority: request.priority)
        guard waitingCount < mostWaiting || (!mustWait && mayTake(costs, priority: request.priority, at: now)) else {
            throw QuotaRefusal(
                code: .full, message: "\(waitingCount) requests wait, which is the most: ask again when some have gone")
        }
        let slot = permits.insert(.waiting, holder: request.holder, priority: request.priority, costs: costs)
        if !mustWait, takeAll(slot, at: now) { return .granted(permits.id(of: slot)) }
        lineUp(slot)
        return .waits(permits.id(of: slot))
    }

    /// Grants what may go by now, in the order of the line.
    public mutating func advance(to now: Instant) -> [PermitID] {
        let now = latest(now)
        guard waitingCount > 0 else { return [] }
        var granted: [PermitID] = []
        sweep += 1
        var stopped = [Bool](repeating: false, count: lanes.count)
        while let (lane, slot) = nextInLine(except: stopped) {
            if !isClaimed(slot), takeAll(slot, at: now) {
                leaveLane(slot)
                granted.append(permits.id(of: slot))
            } else {
                for place in claims(of: slot) { claimedIn[place] = sweep }
                stopped[lane] = true
            }
        }
        return granted
    }

    /// When time alone lets the next waiting request go; nil when nothing waits for time. It may have passed: then
    /// ``advance(to:)`` is due.
    public var nextDeadline: Instant? {
        guard waitingCount > 0 else { return nil }
        var claimed = [Bool](repeating: false, count: buckets.count)
        var seen = [Bool](repeating: false, count: lanes.count)
        var earliest = Instant.distantFuture
        while let (lane, slot) = nextInLine(except: seen) {
            seen[lane] = true
            var isFree = true
            for cost in permits[slot].costs where claimed[cost.bucket.place] { isFree = false }
            for place in claims(of: slot) { claimed[place] = true }
            if isFree { earliest = min(earliest, nextTime(slot)) }
        }
        return earliest == .distantFuture ? nil : earliest
    }

    /// When time alone lets this waiting request go, if nothing goes before it; nil: it hangs on something else, or doesn't wait.
    public func nextTime(of id: PermitID) -> Instant? {
        guard let slot = permits.slot(of: id), permits[slot].state == .waiting else { return nil }
        let time = nextTime(slot)
        return time == .distantFuture ? nil : time
    }

    /// Drops a waiting request. False: it does not wait.
    @discardableResult
    public mutating func cancelWaiting(_ id: PermitID) -> Bool {
        guard let slot = permits.slot(of: id), permits[slot].state == .waiting else { return false }
        leaveLane(slot)
        permits.remove(slot)
        return true
    }

    // MARK: the line

    /// Costs by bucket, ascending, without those of nothing.
    private func checked(_ costs: [PermitCost]) throws(QuotaRefusal) -> [HeldCost] {
        guard costs.count <= QuotaLimits.costsPerPermit else {
            throw QuotaRefusal(
                code: .invalid,
                message: "a permit draws from \(costs.count) buckets and may from \(QuotaLimits.costsPerPermit)")
        }
        var held: [HeldCost] = []
        held.reserveCapacity(costs.count)
        for cost in costs {
            try check(cost)
            guard cost.amount > 0 else { continue }
            held.append(HeldCost(bucket: cost.bucket, amount: cost.amount))
        }
        for place in held.indices.dropFirst() where held[place].bucket <= held[place - 1].bucket {
            held.sort { $0.bucket < $1.bucket }
            break
        }
        for place in held.indices.dropFirst() where held[place].bucket == held[place - 1].bucket {
            throw QuotaRefusal(
                code: .invalid,
                message: "a permit names \(buckets[held[place].bucket.place].limit.name) twice: add the amounts up")
        }
        return held
    }

    private func check(_ cost: PermitCost) throws(QuotaRefusal) {
        guard isKnown(cost.bucket) else {
            throw QuotaRefusal(
                code: .invalid, message: "there is no bucket \(cost.bucket.rawValue): there are \(buckets.count)")
        }
        let limit = buckets[cost.bucket.place].limit
        guard (0...QuotaLimits.amount).contains(cost.amount) else {
            throw QuotaRefusal(
                code: .invalid,
                message: "a cost of \(cost.amount) in \(limit.name) must be 0 to \(QuotaLimits.amount)")
        }
        guard !limit.isConcurrency || limit.isShadow || cost.amount <= limit.burst else {
            throw QuotaRefusal(
                code: .invalid,
                message: "a call asks to hold \(cost.amount) of \(limit.name), which never has more than \(limit.burst)"
            )
        }
    }

    /// Whether something that waits goes first and shares a bucket.
    private func isAnythingAhead(of costs: [HeldCost], priority: Priority) -> Bool {
        guard waitingCount > 0 else { return false }
        for cost in costs {
            for level in Int(priority.rawValue)...9 where waitingByPriority[cost.bucket.place * 10 + level] > 0 {
                return true
            }
        }
        return false
    }

    private mutating func mayTake(_ costs: [HeldCost], priority: Priority, at now: Instant) -> Bool {
        for cost in costs
        where !buckets[cost.bucket.place].mayTake(cost.amount, priority: priority, at: now) { return false }
        return true
    }

    private mutating func lineUp(_ slot: Int32) {
        let lane = lane(for: permits[slot].costs)
        permits[slot].lane = Int32(lane)
        lanes[lane].append(slot, to: &permits)
        countWaiting(slot, by: 1)
    }

    /// The lane of these buckets: an empty one is taken over before another is made.
    private mutating func lane(for costs: [HeldCost]) -> Int {
        var empty: Int?
        for place in lanes.indices {
            if lanes[place].draws(from: costs) { return place }
            if lanes[place].count == 0, empty == nil { empty = place }
        }
        let lane = Lane(buckets: costs.map(\.bucket))
        if let empty {
            lanes[empty] = lane
            return empty
        }
        lanes.append(lane)
        return lanes.count - 1
    }

    /// The lane whose head goes first, of those that are not done with.
    private func nextInLine(except done: [Bool]) -> (lane: Int, slot: Int32)? {
        var best: (lane: Int, slot: Int32)?
        for place in lanes.indices where !done[place] {
            guard let head = lanes[place].head else { continue }
            if let known = best, !goesBefore(head, known.slot) { continue }
            best = (place, head)
        }
        return best
    }

    /// The order of the line: by priority, then arrival.
    func goesBefore(_ a: Int32, _ b: Int32) -> Bool {
        let (first, second) = (permits[a].priority, permits[b].priority)
        return first == second ? permits[a].serial < permits[b].serial : first > second
    }

    private func isClaimed(_ slot: Int32) -> Bool {
        for cost in permits[slot].costs where claimedIn[cost.bucket.place] == sweep { return true }
        return false
    }

    /// When all buckets of a waiting request allow it.
    private func nextTime(_ slot: Int32) -> Instant {
        var latest = Instant(nanoseconds: .min)
        for cost in permits[slot].costs {
            latest = max(
                latest, buckets[cost.bucket.place].nextTime(cost.amount, priority: permits[slot].priority))
        }
        return latest
    }
}
