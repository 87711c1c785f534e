import ClusterModel

extension Bucket {
    /// The call of a take ended and had this cost. A rate is corrected: more is taken even if the level becomes
    /// negative, less is given back as far as the service has it too (see ``HeadroomHistory``). A concurrency limit is
    /// released, whatever the cost.
    public mutating func settle(_ receipt: Receipt, actual: Int64, at now: Instant) {
        refill(to: now)
        guard !limit.isConcurrency else {
            level = min(capacity - Int128(heldFromBefore), level + Int128(receipt.amount))
            return
        }
        let actual = min(max(0, actual), QuotaLimits.amount)
        guard actual < receipt.amount else { return charge(actual - receipt.amount) }
        observe(before: takes + 1)
        let unused = receipt.amount - actual
        let wasFull = level >= capacity
        level += history.giveBack(Int128(unused) * scale, of: receipt.number)
        if !wasFull { noteFull() }
        spentInAll &-= unused
        meter.add(-unused, at: asOf)
    }

    /// The call of a take goes on and has used this much so far. Returns the receipt to settle from now on.
    mutating func amend(_ receipt: Receipt, to amount: Int64, at now: Instant) -> Receipt {
        guard !limit.isConcurrency, amount != receipt.amount else { return receipt }
        settle(receipt, actual: amount, at: now)
        return Receipt(amount: amount, number: receipt.number, spentInAll: receipt.spentInAll)
    }

    /// The call of a take was never made: all of it is given back.
    public mutating func handBack(_ receipt: Receipt, at now: Instant) { settle(receipt, actual: 0, at: now) }

    /// Takes without asking what was spent already.
    mutating func charge(_ amount: Int64) {
        guard amount > 0, !limit.isConcurrency else { return }
        observe(before: takes + 1)
        level = max(Self.deepestDebt, level - Int128(amount) * scale)
        spentInAll &+= amount
        meter.add(amount, at: asOf)
    }

    /// The service refused (429): nothing is granted before `until`, not to critical work either. Of two parks the
    /// later holds.
    public mutating func park(until: Instant) {
        refusals += 1
        parkedUntil = max(parkedUntil ?? until, until)
    }

    /// Ends a park early.
    public mutating func unpark() { parkedUntil = nil }

    /// A response said what was left when its call was sent. It may only lower the level.
    ///
    /// What has arrived since is added, and `spentSince` (what other calls have taken since) is taken off. When it does
    /// lower, permits from before give nothing back: what the service says already counts their true cost. False:
    /// nothing changed.
    @discardableResult
    public mutating func lower(to remaining: Int64, asOf sent: Instant, spentSince: Int64 = 0, at now: Instant) -> Bool
    {
        guard !limit.isConcurrency else { return false }
        refill(to: now)
        let elapsed = max(0, Int128(asOf.nanoseconds) - Int128(sent.nanoseconds))
        let left = Int128(min(max(0, remaining), QuotaLimits.amount)) * scale
        let spent = Int128(min(max(0, spentSince), QuotaLimits.amount)) * scale
        // What was spent meanwhile made room for what arrived: only the difference can overflow.
        let said = min(capacity, left + elapsed * arrives - spent)
        guard said < level else { return false }
        level = said
        history.observe(headroom: 0, before: takes + 1)
        return true
    }

    /// Puts another limit in force: the level stays, within the new burst; what is held stays held. Throws when name or
    /// kind differ.
    public mutating func change(to new: BucketLimit, at now: Instant) throws(BucketLimitError) {
        guard new.name == limit.name, new.isConcurrency == limit.isConcurrency else {
            throw BucketLimitError(
                limit.name, "a running bucket can't change from '\(limit)' to '\(new)' of \(new.name): restart for that"
            )
        }
        refill(to: now)
        let wasShadow = limit.isShadow
        let (oldScale, oldCapacity) = (scale, capacity)
        observe(before: takes + 1)
        limit = new
        applyLimit()
        if limit.isConcurrency { return moveCapacity(from: oldCapacity) }
        let newScale = scale
        if newScale != oldScale { convert(from: oldScale, to: newScale) }
        // What a shadow let pass is no debt of the real limit.
        if wasShadow, !limit.isShadow { level = max(0, level) }
        level = min(level, capacity)
        noteFull()
        observe(before: takes + 1)
    }

    /// Holds a concurrency limit below the configured one (see ``Congestion``); nil: the configured one again.
    public mutating func narrow(to most: Int64?) {
        guard limit.isConcurrency else { return }
        let old = capacity
        narrowedTo = most.map { max(1, $0) }
        applyLimit()
        moveCapacity(from: old)
    }

    /// A concurrency limit keeps what is held, and so does what a restart would count as held.
    private mutating func moveCapacity(from old: Int128) {
        level += capacity - old
        if recordedFloor != .min { recordedFloor += capacity - old }
        if pendingFloor != .min { pendingFloor += capacity - old }
    }

    private mutating func convert(from old: Int128, to new: Int128) {
        func converted(_ value: Int128) -> Int128 {
            guard value != .min else { return value }
            let (quotient, remainder) = value.quotientAndRemainder(dividingBy: old)
            let part = remainder * new
            return quotient * new + (part >= 0 ? part / old : (part - old + 1) / old)
        }
        level = max(Self.deepestDebt, converted(max(level, -(Int128(1) << 70) * old)))
        recordedFloor = converted(recordedFloor)
        pendingFloor = converted(pendingFloor)
        history.convert(converted)
    }
}
