/// A continuous token bucket in whole numbers: no rounding, so its edges can be tested exactly.
///
/// The level is kept in parts of a unit, sixty thousand million to the unit, because then one nanosecond adds exactly
/// `perMinute` parts. The level may go below zero (output is charged while it is produced, after it was let in).
public struct TokenBucket: Hashable, Sendable {
    /// The limit that this bucket enforces.
    public let limit: RateLimit
    private var parts: Int128
    private var updated: Int64

    private static let partsInUnit: Int128 = 60_000_000_000
    private static let nanosecondsInSecond: Int128 = 1_000_000_000

    /// A full bucket at `now`, nanoseconds of a clock that never goes back.
    public init(_ limit: RateLimit, now: Int64) {
        self.limit = limit
        self.parts = Int128(limit.burst) * Self.partsInUnit
        self.updated = now
    }

    private var capacity: Int128 { Int128(limit.burst) * Self.partsInUnit }

    private func parts(at now: Int64) -> Int128 {
        let elapsed = Int128(max(0, now - updated))
        return min(capacity, parts + elapsed * Int128(limit.perMinute))
    }

    /// Whole units in the bucket at `now`, rounded down; negative while it is overdrawn.
    public func level(now: Int64) -> Int {
        let parts = parts(at: now)
        let whole = parts / Self.partsInUnit
        return Int(parts < 0 && whole * Self.partsInUnit != parts ? whole - 1 : whole)
    }

    /// Whether `amount` units are there. A request larger than the whole bucket is let in by a full bucket, for it
    /// could never pass otherwise.
    public func holds(_ amount: Int, now: Int64) -> Bool { nanoseconds(until: amount, now: now) == 0 }

    /// Takes `amount` units at `now`, below zero if it must.
    public mutating func charge(_ amount: Int, now: Int64) {
        parts = parts(at: now) - Int128(amount) * Self.partsInUnit
        updated = max(updated, now)
    }

    /// Nanoseconds until `amount` units (at most the burst) are there, rounded up; 0 when they are.
    public func nanoseconds(until amount: Int, now: Int64) -> Int64 {
        let wanted = min(Int128(amount) * Self.partsInUnit, capacity)
        return nanoseconds(untilParts: wanted, now: now)
    }

    /// Nanoseconds until the bucket is full, rounded up.
    public func nanosecondsUntilFull(now: Int64) -> Int64 { nanoseconds(untilParts: capacity, now: now) }

    private func nanoseconds(untilParts wanted: Int128, now: Int64) -> Int64 {
        let missing = wanted - parts(at: now)
        guard missing > 0 else { return 0 }
        return Int64((missing + Int128(limit.perMinute) - 1) / Int128(limit.perMinute))
    }

    /// A wait as `retry-after` tells it: whole seconds, rounded up.
    public static func wholeSeconds(_ nanoseconds: Int64) -> Int64 {
        Int64((Int128(nanoseconds) + nanosecondsInSecond - 1) / nanosecondsInSecond)
    }
}
