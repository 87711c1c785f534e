import ClusterModel

extension QuotaBook {
    /// What to write now, so that a restart can resume: see ``QuotaBook`` for the contract.
    public mutating func snapshotAhead(at now: Instant, wall: WallTime) -> QuotaSnapshot {
        let now = latest(now)
        let waiting = largestWaiting()
        pendingStates = []
        var records: [QuotaRecord] = []
        for place in buckets.indices {
            let state = buckets[place].recordAhead(waitingCost: waiting[place], binds: isDurable, at: now)
            pendingStates.append(state)
            records.append(record(of: buckets[place], state, at: now, wall: wall))
        }
        lastSnapshot += 1
        return QuotaSnapshot(number: lastSnapshot, records: records)
    }

    /// A snapshot is on disk, and so is none that was taken later. One that was superseded changes nothing: false.
    @discardableResult
    public mutating func recorded(_ number: UInt64) -> Bool {
        guard number == lastSnapshot, !pendingStates.isEmpty else { return false }
        // A bucket that was added since has no record yet.
        for place in pendingStates.indices where isDurable { buckets[place].recorded(pendingStates[place]) }
        pendingStates = []
        return true
    }

    /// A snapshot was taken, and is not on disk as far as is known.
    public var isRecording: Bool { !pendingStates.isEmpty }

    /// Whether grants wait, or soon will, for a record. Not while one is being written.
    public var needsRecord: Bool {
        guard isDurable, pendingStates.isEmpty else { return false }
        let waiting = largestWaiting()
        return buckets.indices.contains { buckets[$0].needsRecord(waitingCost: waiting[$0]) }
    }

    /// Resumes at what was last written, after the buckets were added. Returns the names of records that no bucket has
    /// any more.
    @discardableResult
    public mutating func restore(_ records: [QuotaRecord], at now: Instant, wall: WallTime) -> [String] {
        let now = latest(now)
        var unknown: [String] = []
        for record in records {
            guard let index = places[record.name] else {
                unknown.append(record.name)
                continue
            }
            buckets[index.place].resume(record.state, binds: isDurable, at: now)
            if let until = record.parkedUntil {
                let (left, overflow) = until.milliseconds.subtractingReportingOverflow(wall.milliseconds)
                let length = min(overflow ? .max : left, record.parkedFor.rawValue)
                if length > 0 { buckets[index.place].parkedUntil = Self.later(now, by: length) }
            }
        }
        return unknown
    }

    /// Calls of before a restart that held a concurrency limit have ended: so many where an agent names one, all that
    /// are left when every agent is back or its lease has passed.
    public mutating func heldFromBeforeEnded(_ bucket: BucketIndex, count: Int64 = .max) {
        guard isKnown(bucket) else { return }
        buckets[bucket.place].releaseHeldFromBefore(count)
    }

    /// Calls hold a concurrency limit of which nothing else is known any more.
    mutating func holdFromBefore(_ bucket: BucketIndex, count: Int64) {
        guard isKnown(bucket), count > 0 else { return }
        buckets[bucket.place].holdFromBefore(count)
    }

    /// Nothing more is granted from a bucket until a record is on disk: what is there is of another limit.
    mutating func awaitRecord(of bucket: BucketIndex) {
        guard isDurable, isKnown(bucket) else { return }
        buckets[bucket.place].awaitFirstRecord()
    }

    private func record(
        of bucket: Bucket, _ state: QuotaRecord.State, at now: Instant, wall: WallTime
    ) -> QuotaRecord {
        guard let until = bucket.parkedUntil, until > now else {
            return QuotaRecord(name: bucket.limit.name, state: state)
        }
        let nanoseconds = Int128(until.nanoseconds) - Int128(now.nanoseconds)
        let length = Int64(clamping: (nanoseconds + 999_999) / 1_000_000)
        let end = wall.milliseconds.addingReportingOverflow(length)
        return QuotaRecord(
            name: bucket.limit.name, state: state,
            parkedUntil: WallTime(milliseconds: end.overflow ? .max : end.partialValue),
            parkedFor: Milliseconds(length))
    }

    /// By bucket: the largest cost that is first in its lane. What comes behind it will ask when it is first.
    private func largestWaiting() -> [Int64] {
        var largest = [Int64](repeating: 0, count: buckets.count)
        guard waitingCount > 0 else { return largest }
        for lane in lanes {
            guard let head = lane.head else { continue }
            for cost in permits[head].costs {
                largest[cost.bucket.place] = max(largest[cost.bucket.place], cost.amount)
            }
        }
        return largest
    }

    private static func later(_ now: Instant, by milliseconds: Int64) -> Instant {
        let time = Int128(now.nanoseconds) + Int128(milliseconds) * 1_000_000
        return Instant(nanoseconds: Int64(clamping: time))
    }
}
