import ClusterModel

extension QuotaBook {
    /// Every bucket, in the order in which they were added.
    public func views(at now: Instant) -> [BucketView] {
        buckets.indices.map { place in
            let waiting = (0..<10).reduce(0) { $0 + Int(waitingByPriority[place * 10 + $1]) }
            return buckets[place].view(waiting: waiting, at: now)
        }
    }

    /// The first requests that wait and draw from a bucket, in the order of the line; at most `most`.
    public func waiting(for bucket: BucketIndex, most: Int) -> [PermitID] {
        var found: [Int32] = []
        for slot in permits.entries.indices {
            let slot = Int32(slot)
            guard permits[slot].state == .waiting, permits[slot].costs.contains(where: { $0.bucket == bucket }) else {
                continue
            }
            found.append(slot)
        }
        found.sort { goesBefore($0, $1) }
        return found.prefix(most).map { permits.id(of: $0) }
    }

    /// Whether a request that waits draws from a bucket.
    public func isAwaited(_ bucket: BucketIndex) -> Bool {
        guard waitingCount > 0, isKnown(bucket) else { return false }
        return waitingByPriority[bucket.place * 10..<bucket.place * 10 + 10].contains { $0 > 0 }
    }

    /// What a bucket looks like now; nil: there is none.
    public func view(of bucket: BucketIndex, at now: Instant) -> BucketView? {
        guard isKnown(bucket) else { return nil }
        let waiting = (0..<10).reduce(0) { $0 + Int(waitingByPriority[bucket.place * 10 + $1]) }
        return buckets[bucket.place].view(waiting: waiting, at: now)
    }

    /// Why a request waits; nil when it does not.
    public func whyWaits(_ id: PermitID, at now: Instant) -> WaitReason? {
        guard let slot = permits.slot(of: id), permits[slot].state == .waiting else { return nil }
        let entry = permits[slot]
        let mine = entry.costs.map(\.bucket)
        var ahead = 0
        for other in permits.entries.indices {
            let other = Int32(other)
            guard permits[other].state == .waiting, other != slot, goesBefore(other, slot) else { continue }
            if permits[other].costs.contains(where: { mine.contains($0.bucket) }) { ahead += 1 }
        }
        let holds = entry.costs.compactMap { cost in
            buckets[cost.bucket.place].holdForView(cost.amount, priority: entry.priority, at: now)
        }
        return WaitReason(ahead: ahead, holds: holds)
    }
}

extension Bucket {
    /// What is left at a time, in whole units, rounded down.
    public func remaining(at now: Instant) -> Int64 {
        var copy = self
        copy.refill(to: now)
        let (quotient, remainder) = copy.level.quotientAndRemainder(dividingBy: scale)
        return Int64(clamping: remainder < 0 ? quotient - 1 : quotient)
    }

    func view(waiting: Int, at now: Instant) -> BucketView {
        let remaining = remaining(at: now)
        let most = Int64(clamping: capacity / scale)
        var perMinute: Int64?
        if case .rate(let amount, let window, _) = limit.kind {
            perMinute = Int64(clamping: Int128(amount) * 60_000 / Int128(window.rawValue))
        }
        return BucketView(
            name: limit.name, limit: limit.description, most: most, used: max(0, most - remaining),
            remaining: remaining, reserve: Int64(clamping: reserved / scale), waiting: waiting,
            parkedUntil: parkedUntil.flatMap { $0 > now ? $0 : nil }, limitPerMinute: perMinute,
            spentLastMinute: meter.lastMinute(at: now), refusals: refusals, isShadow: limit.isShadow,
            shadowOverruns: shadowOverruns)
    }

    func holdForView(_ cost: Int64, priority: Priority, at now: Instant) -> BucketHold? {
        var copy = self
        copy.refill(to: now)
        guard !limit.isShadow, let hold = copy.hold(cost, priority: priority) else { return nil }
        let next = copy.nextTime(cost, priority: priority)
        var wait: Milliseconds?
        if next != .distantFuture {
            let nanoseconds = max(0, Int128(next.nanoseconds) - Int128(now.nanoseconds))
            wait = Milliseconds(Int64(clamping: (nanoseconds + 999_999) / 1_000_000))
        }
        return BucketHold(
            name: limit.name, cost: cost, remaining: remaining(at: now), hold: hold, wait: wait)
    }
}
