import ClusterModel
import Quotas
import Testing

@Suite("One bucket")
struct BucketTests {
    static let start = Instant(nanoseconds: 7)

    static func bucket(_ text: String) throws -> BucketBench { try BucketBench(text, at: start) }

    @Test("Nothing is lost to rounding, however often the bucket is looked at")
    func drift() throws {
        // 7 in 11 s: no look comes at a whole number of anything.
        let bucket = try Self.bucket("7/11s,burst=1000000")
        _ = bucket.take(1_000_000, priority: .critical, at: Self.start)
        for look in 1...110_000 {
            let now = Instant(nanoseconds: Self.start.nanoseconds + Int64(look) * 999_983)
            _ = bucket.bucket.mayTake(1_000_000, priority: .critical, at: now)
        }
        let after = Instant(nanoseconds: Self.start.nanoseconds + 110_000_000_000)
        #expect(bucket.remaining(at: after) == 70)
        #expect(bucket.remaining(at: Instant(nanoseconds: after.nanoseconds - 1)) == 69)
    }

    @Test("Years pass, clocks go back, the largest numbers meet: nothing overflows")
    func extremes() throws {
        let bucket = try Self.bucket("1000000000000/ms,burst=1000000000000")
        _ = bucket.take(1_000_000_000_000, priority: .critical, at: Self.start)
        #expect(bucket.remaining(at: Instant(nanoseconds: .max)) == 1_000_000_000_000)
        #expect(bucket.remaining(at: Instant(nanoseconds: .min)) == 0)
        let slow = try Self.bucket("1/31day,burst=1")
        for _ in 0..<1000 {
            _ = slow.lower(to: 0, asOf: Instant(nanoseconds: .min), spentSince: .max, at: Self.start)
            guard let receipt = slow.take(1, priority: .critical, at: Instant(nanoseconds: .max)) else { continue }
            slow.settle(receipt, actual: .max, at: Instant(nanoseconds: .max))
        }
        #expect(slow.remaining(at: Instant(nanoseconds: .max)) < -900_000_000_000)
        #expect(slow.nextTime(1, priority: .normal) == .distantFuture)
    }

    @Test("The next time is the first nanosecond at which the cost is granted")
    func nextTime() throws {
        let bucket = try Self.bucket("60/min,burst=5")
        _ = bucket.take(5, priority: .normal, at: Self.start)
        let next = bucket.nextTime(3, priority: .normal)
        #expect(next == Self.start + .seconds(3))
        let early = Instant(nanoseconds: next.nanoseconds - 1)
        #expect(bucket.take(3, priority: .normal, at: early) == nil)
        #expect(bucket.take(3, priority: .normal, at: next) != nil)
    }

    @Test("A cost above the burst goes at a full bucket and leaves it negative")
    func oversized() throws {
        let bucket = try Self.bucket("60/min,burst=5")
        _ = bucket.take(1, priority: .normal, at: Self.start)
        #expect(bucket.take(20, priority: .normal, at: Self.start) == nil)
        let full = Self.start + .seconds(1)
        #expect(bucket.nextTime(20, priority: .normal) == full)
        #expect(bucket.take(20, priority: .normal, at: full) != nil)
        #expect(bucket.remaining(at: full) == -15)
        #expect(bucket.nextTime(1, priority: .normal) == full + .seconds(16))
    }

    @Test("The reserve is for critical work; a cost that needs part of it goes at a full bucket")
    func reserve() throws {
        let bucket = try Self.bucket("60/min,burst=10,reserve=20%")
        #expect(bucket.take(9, priority: .high, at: Self.start) != nil)
        let other = try Self.bucket("60/min,burst=10,reserve=20%")
        #expect(other.take(8, priority: .high, at: Self.start) != nil)
        #expect(other.take(1, priority: .high, at: Self.start) == nil)
        #expect(other.take(2, priority: .critical, at: Self.start) != nil)
        #expect(other.nextTime(1, priority: .high) == Self.start + .seconds(3))
    }

    @Test("Settling corrects the level both ways, and never above the burst")
    func settle() throws {
        let bucket = try Self.bucket("60/min,burst=10")
        let low = try #require(bucket.take(4, priority: .normal, at: Self.start))
        bucket.settle(low, actual: 9, at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 1)
        let first = try #require(bucket.take(1, priority: .normal, at: Self.start))
        bucket.settle(first, actual: 6, at: Self.start)
        #expect(bucket.remaining(at: Self.start) == -5)
        let later = Self.start + .seconds(15)
        let high = try #require(bucket.take(8, priority: .normal, at: later))
        bucket.settle(high, actual: -3, at: later)
        #expect(bucket.remaining(at: later) == 10)
    }

    @Test("Less comes back where the bucket has been nearly full since: the service has no more either")
    func giveBackAfterFull() throws {
        let bucket = try Self.bucket("60/min,burst=10")
        let first = try #require(bucket.take(10, priority: .normal, at: Self.start))
        // Nine arrive and go: one was missing to full, so one is all that two give-backs may bring together.
        let later = Self.start + .seconds(9)
        let second = try #require(bucket.take(9, priority: .normal, at: later))
        bucket.settle(first, actual: 2, at: later)
        #expect(bucket.remaining(at: later) == 1)
        bucket.bucket.handBack(second, at: later)
        #expect(bucket.remaining(at: later) == 10)
        // Once it was full, an old take gives nothing.
        let old = try #require(bucket.take(5, priority: .normal, at: later))
        let full = later + .seconds(60)
        _ = try #require(bucket.take(10, priority: .normal, at: full))
        bucket.bucket.handBack(old, at: full)
        #expect(bucket.remaining(at: full) == 0)
    }

    @Test("Of two parks the later holds, also for critical work; unpark ends it")
    func park() throws {
        let bucket = try Self.bucket("60/min,burst=10")
        bucket.bucket.park(until: Self.start + .seconds(5))
        bucket.bucket.park(until: Self.start + .seconds(3))
        #expect(bucket.refusals == 2)
        #expect(bucket.nextTime(1, priority: .critical) == Self.start + .seconds(5))
        #expect(bucket.take(1, priority: .critical, at: Self.start + .seconds(4)) == nil)
        #expect(bucket.take(1, priority: .normal, at: Self.start + .seconds(5)) != nil)
        bucket.bucket.park(until: .distantFuture)
        bucket.bucket.unpark()
        #expect(bucket.take(1, priority: .normal, at: Self.start + .seconds(5)) != nil)
    }

    @Test("A response lowers the level as of its sending, and never raises it")
    func lower() throws {
        let bucket = try Self.bucket("60/min,burst=10")
        let now = Self.start + .seconds(4)
        #expect(bucket.lower(to: 10, asOf: Self.start, at: now) == false)
        #expect(bucket.lower(to: 2, asOf: Self.start, spentSince: 3, at: now))
        #expect(bucket.remaining(at: now) == 3)
        #expect(bucket.lower(to: 9, asOf: now, at: now) == false)
        #expect(bucket.remaining(at: now) == 3)
        let concurrency = try Self.bucket("concurrency=3")
        #expect(concurrency.lower(to: 0, asOf: now, at: now) == false)
    }

    @Test("A new limit keeps the level within the new burst; kind and name stay")
    func change() throws {
        let bucket = try Self.bucket("60/min,burst=10")
        _ = bucket.take(4, priority: .normal, at: Self.start)
        try bucket.change(to: "7200/h,burst=100", at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 6)
        #expect(bucket.remaining(at: Self.start + .seconds(10)) == 26)
        try bucket.change(to: "60/min,burst=3", at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 3)
        #expect(throws: BucketLimitError.self) {
            try bucket.change(to: "concurrency=3", at: Self.start)
        }
        #expect(throws: BucketLimitError.self) {
            try bucket.change(to: "60/min", name: "c", at: Self.start)
        }
    }

    @Test("A concurrency limit is freed at the end of a call, whatever it cost; a lower one drains first")
    func concurrency() throws {
        let bucket = try Self.bucket("concurrency=3")
        let first = try #require(bucket.take(2, priority: .normal, at: Self.start))
        let second = try #require(bucket.take(1, priority: .normal, at: Self.start))
        #expect(bucket.take(1, priority: .normal, at: Self.start + .seconds(1000)) == nil)
        #expect(bucket.nextTime(1, priority: .normal) == .distantFuture)
        bucket.bucket.narrow(to: 1)
        bucket.settle(first, actual: 500, at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 0)
        bucket.settle(second, actual: 0, at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 1)
        bucket.bucket.narrow(to: nil)
        #expect(bucket.remaining(at: Self.start) == 3)
    }

    @Test("A shadow counts what it would have held, and its debt is none when it becomes real")
    func shadow() throws {
        let bucket = try Self.bucket("60/min,burst=2,shadow")
        bucket.bucket.park(until: .distantFuture)
        bucket.bucket.unpark()
        for _ in 0..<5 { #expect(bucket.take(1, priority: .normal, at: Self.start) != nil) }
        #expect(bucket.shadowOverruns == 3)
        #expect(bucket.remaining(at: Self.start) == -3)
        try bucket.change(to: "60/min,burst=2", at: Self.start)
        #expect(bucket.remaining(at: Self.start) == 0)
        #expect(bucket.take(1, priority: .normal, at: Self.start) == nil)
    }
}
