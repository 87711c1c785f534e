import ClusterModel

extension QuotaBook {
    /// The service refused a call (429): nothing is granted from the bucket before `until`. Of two parks the later
    /// holds.
    public mutating func park(_ bucket: BucketIndex, until: Instant) {
        guard isKnown(bucket) else { return }
        buckets[bucket.place].park(until: until)
    }

    /// Ends a park early.
    public mutating func unpark(_ bucket: BucketIndex) {
        guard isKnown(bucket) else { return }
        buckets[bucket.place].unpark()
    }

    /// A response said what was left in a bucket when its call was sent at `sent`; it may only lower the level. With
    /// the call's permit, as long as it is open, what other calls have taken since is taken off too. False: nothing
    /// changed.
    @discardableResult
    public mutating func lower(
        _ bucket: BucketIndex, to remaining: Int64, asOf sent: Instant, sentWith permit: PermitID? = nil,
        at now: Instant
    ) -> Bool {
        guard isKnown(bucket) else { return false }
        let now = latest(now)
        var spentSince: Int64 = 0
        if let permit, let slot = permits.slot(of: permit),
            let receipt = permits[slot].costs.first(where: { $0.bucket == bucket })?.receipt
        {
            spentSince = buckets[bucket.place].spentInAll &- receipt.spentInAll
        }
        return buckets[bucket.place].lower(to: remaining, asOf: sent, spentSince: spentSince, at: now)
    }

    /// The same with `spentSince` known to the caller: what was taken after the service said it.
    @discardableResult
    public mutating func lower(
        _ bucket: BucketIndex, to remaining: Int64, asOf said: Instant, spentSince: Int64, at now: Instant
    ) -> Bool {
        guard isKnown(bucket) else { return false }
        return buckets[bucket.place].lower(to: remaining, asOf: said, spentSince: spentSince, at: latest(now))
    }

    /// Keeps so much of a rate untouched, since others take from the same limit; at most half of its burst.
    public mutating func keep(margin: Int64, in bucket: BucketIndex) {
        guard isKnown(bucket), !buckets[bucket.place].limit.isConcurrency else { return }
        buckets[bucket.place].margin = min(max(0, margin), buckets[bucket.place].limit.burst / 2)
    }

    /// What is kept untouched of a rate.
    public func margin(of bucket: BucketIndex) -> Int64 { isKnown(bucket) ? buckets[bucket.place].margin : 0 }

    /// All that was ever taken from a bucket, corrected by what was settled; wraps.
    public func spentInAll(_ bucket: BucketIndex) -> Int64 {
        isKnown(bucket) ? buckets[bucket.place].spentInAll : 0
    }

    /// The limit of a bucket as it is in force.
    public func limit(of bucket: BucketIndex) -> BucketLimit? {
        isKnown(bucket) ? buckets[bucket.place].limit : nil
    }

    /// When a bucket's park ends; nil: it is not parked at this time.
    public func parkedUntil(_ bucket: BucketIndex, at now: Instant) -> Instant? {
        guard isKnown(bucket), let until = buckets[bucket.place].parkedUntil, until > now else { return nil }
        return until
    }

    /// Puts another limit in force for the bucket of the same name, while calls go on. Throws when there is none or its
    /// kind differs.
    public mutating func change(to limit: BucketLimit, at now: Instant) throws(BucketLimitError) {
        guard let index = places[limit.name] else {
            throw BucketLimitError(limit.name, "there is no such bucket to change: add it")
        }
        try buckets[index.place].change(to: limit, at: latest(now))
    }

    /// Holds a concurrency limit below the configured one (see ``Congestion``); nil: the configured one again.
    public mutating func narrow(_ bucket: BucketIndex, to most: Int64?) {
        guard isKnown(bucket) else { return }
        buckets[bucket.place].narrow(to: most)
    }
}
