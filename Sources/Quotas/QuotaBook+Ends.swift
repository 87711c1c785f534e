import ClusterModel

extension QuotaBook {
    /// A granted call ended with these true costs. A bucket that they don't name keeps the estimate; one that the
    /// request didn't name is charged. False: the permit is not open (it ended before, or was never granted), and
    /// nothing changed.
    @discardableResult
    public mutating func settle(_ id: PermitID, actual: [PermitCost], at now: Instant) -> Bool {
        let now = latest(now)
        guard let slot = openSlot(id) else { return false }
        for cost in actual
        where isKnown(cost.bucket) && !permits[slot].costs.contains(where: { $0.bucket == cost.bucket }) {
            buckets[cost.bucket.place].refill(to: now)
            buckets[cost.bucket.place].charge(min(cost.amount, QuotaLimits.amount))
        }
        close(slot, at: now) { cost in actual.first { $0.bucket == cost.bucket }?.amount ?? cost.amount }
        return true
    }

    /// A granted call will not be made: everything is given back. False: the permit is not open.
    @discardableResult
    public mutating func handBack(_ id: PermitID, at now: Instant) -> Bool {
        let now = latest(now)
        guard let slot = openSlot(id) else { return false }
        close(slot, at: now) { _ in 0 }
        return true
    }

    /// A granted call was made and nothing will be heard of it: the estimate counts, and what it held is free. False:
    /// the permit is not open.
    @discardableResult
    public mutating func spent(_ id: PermitID, at now: Instant) -> Bool { settle(id, actual: [], at: now) }

    /// What a granted call has used so far: its costs become these, up or down. A bucket that they don't name, or that
    /// the request didn't name, stays as it is; so does what a concurrency limit holds. False: the permit is not open.
    @discardableResult
    public mutating func amend(_ id: PermitID, soFar: [PermitCost], at now: Instant) -> Bool {
        let now = latest(now)
        guard let slot = openSlot(id) else { return false }
        for place in permits[slot].costs.indices {
            let cost = permits[slot].costs[place]
            guard let new = soFar.first(where: { $0.bucket == cost.bucket }), let receipt = cost.receipt,
                !buckets[cost.bucket.place].limit.isConcurrency
            else { continue }
            let amount = min(max(0, new.amount), QuotaLimits.amount)
            permits[slot].costs[place].receipt = buckets[cost.bucket.place].amend(receipt, to: amount, at: now)
        }
        return true
    }

    /// Takes up a call that was granted before a restart and goes on: it holds what `costs` say of concurrency limits,
    /// out of what counted as held from before. What it took of rates was recorded as spent. Nil: too many permits are
    /// open.
    public mutating func adopt(_ request: PermitRequest, at now: Instant) -> PermitID? {
        let now = latest(now)
        guard permits.count < mostPermits else { return nil }
        var held: [HeldCost] = []
        for cost in request.costs where isKnown(cost.bucket) && buckets[cost.bucket.place].limit.isConcurrency {
            buckets[cost.bucket.place].refill(to: now)
            buckets[cost.bucket.place].releaseHeldFromBefore(cost.amount)
            var taken = HeldCost(bucket: cost.bucket, amount: cost.amount)
            taken.receipt = buckets[cost.bucket.place].spend(cost.amount)
            held.append(taken)
        }
        let slot = permits.insert(.open, holder: request.holder, priority: request.priority, costs: held)
        return permits.id(of: slot)
    }

    /// Whoever held permits is gone: its open ones count as spent, its waiting ones are dropped. Returns how many were
    /// open. Where their calls may go on, what they hold of concurrency limits stays held, as after a restart.
    @discardableResult
    public mutating func holderDied(_ holder: UInt64, callsGoOn: Bool = false, at now: Instant) -> Int {
        let now = latest(now)
        var open = 0
        for slot in permits.slots(of: holder) {
            if permits[slot].state == .open {
                if callsGoOn { keepHeld(slot) }
                close(slot, at: now) { $0.amount }
                open += 1
            } else {
                leaveLane(slot)
                permits.remove(slot)
            }
        }
        return open
    }

    private mutating func keepHeld(_ slot: Int32) {
        for place in permits[slot].costs.indices {
            let cost = permits[slot].costs[place]
            guard let receipt = cost.receipt, buckets[cost.bucket.place].limit.isConcurrency else { continue }
            buckets[cost.bucket.place].staysHeld(receipt.amount)
            permits[slot].costs[place].receipt = nil
        }
    }

    private func openSlot(_ id: PermitID) -> Int32? {
        guard let slot = permits.slot(of: id), permits[slot].state == .open else { return nil }
        return slot
    }

    private mutating func close(_ slot: Int32, at now: Instant, actual: (HeldCost) -> Int64) {
        for cost in permits[slot].costs {
            guard let receipt = cost.receipt else { continue }
            buckets[cost.bucket.place].settle(receipt, actual: actual(cost), at: now)
        }
        permits.remove(slot)
    }
}
