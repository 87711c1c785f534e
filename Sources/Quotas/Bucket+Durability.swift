import ClusterModel

extension Bucket {
    /// What a restart may resume at if this is written now, in whole units, rounded to the safe side. `waitingCost` is
    /// the largest cost that waits here.
    ///
    /// It lies ahead of what is left by one second's spend at the full rate, by an eighth of the burst, or by what
    /// waits, whichever is most: that much can be granted until another record is needed. What can't be granted is not
    /// recorded as spent, so a bucket that is empty anyway resumes empty, and not in debt.
    func levelAhead(waitingCost: Int64) -> Int64 {
        let ahead = max(arrives * 1_000_000_000, capacity / 8, Int128(waitingCost) * scale)
        // The least that a grant leaves: nothing, or the debt of a cost above the burst, which is granted at a full
        // bucket.
        let least = min(0, capacity - Int128(waitingCost) * scale)
        let target = max(level - max(ahead, scale), min(level, least))
        return Self.wholeUnits(target, of: scale)
    }

    /// What to write; where it `binds`, no take goes below it from now on, written or not.
    mutating func recordAhead(waitingCost: Int64, binds: Bool, at now: Instant) -> QuotaRecord.State {
        refill(to: now)
        let units = levelAhead(waitingCost: waitingCost)
        if binds { pendingFloor = max(pendingFloor, Int128(units) * scale) }
        return limit.isConcurrency ? .held(Int64(clamping: capacity - Int128(units))) : .level(units)
    }

    /// The record is on disk: it alone binds.
    mutating func recorded(_ state: QuotaRecord.State) {
        switch state {
        case .level(let units): recordedFloor = Int128(units) * scale
        case .held(let held): recordedFloor = capacity - Int128(held)
        }
        pendingFloor = .min
    }

    /// Whether another record would let more be granted, and less than half of what the last one allowed is left.
    func needsRecord(waitingCost: Int64) -> Bool {
        let floor = max(recordedFloor, pendingFloor)
        guard floor != .min, Int128(levelAhead(waitingCost: waitingCost)) * scale < floor else { return false }
        return level - floor < max(arrives * 500_000_000, capacity / 16, Int128(waitingCost) * scale, scale)
    }

    /// Resumes at a record. Nothing arrives for the time between; where it `binds`, nothing is granted below it until
    /// another record is on disk.
    mutating func resume(_ state: QuotaRecord.State, binds: Bool, at now: Instant) {
        asOf = max(asOf, now)
        switch state {
        case .level(let units) where !limit.isConcurrency:
            level = max(Self.deepestDebt, min(capacity, Int128(units) * scale))
        case .held(let held) where limit.isConcurrency:
            heldFromBefore = min(max(0, held), QuotaLimits.amount)
            level = capacity - Int128(heldFromBefore)
        default: break  // Of another kind than the bucket is now: it says nothing.
        }
        noteFull()
        recordedFloor = binds ? level : .min
        pendingFloor = .min
    }

    /// Before a first record nothing may be granted: a second start would not know of it.
    mutating func awaitFirstRecord() { recordedFloor = level }

    /// So much is held by calls that go on without anybody here who knows of them, as if they were of before a restart.
    mutating func staysHeld(_ amount: Int64) {
        heldFromBefore = min(heldFromBefore + max(0, amount), QuotaLimits.amount)
    }

    /// So many calls of before the restart have ended, or their agents have.
    mutating func releaseHeldFromBefore(_ count: Int64) {
        let ended = min(max(0, count), heldFromBefore)
        level += Int128(ended)
        heldFromBefore -= ended
    }

    /// So many calls hold it of which nothing else is known.
    mutating func holdFromBefore(_ count: Int64) {
        guard limit.isConcurrency else { return }
        let count = min(count, QuotaLimits.amount - heldFromBefore)
        level -= Int128(count)
        heldFromBefore += count
    }

    private static func wholeUnits(_ value: Int128, of scale: Int128) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: scale)
        return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
    }
}
