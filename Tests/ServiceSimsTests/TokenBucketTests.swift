import Testing

@testable import ServiceSims

@Suite("A token bucket is exact at its edges")
struct TokenBucketTests {
    private let second: Int64 = 1_000_000_000

    @Test("refills one unit a second at sixty a minute, to the nanosecond")
    func refill() {
        var bucket = TokenBucket(RateLimit(perMinute: 60, burst: 2), now: 0)
        bucket.charge(2, now: 0)
        #expect(bucket.level(now: 0) == 0)
        #expect(!bucket.holds(1, now: second - 1))
        #expect(bucket.nanoseconds(until: 1, now: second - 1) == 1)
        #expect(bucket.holds(1, now: second))
        #expect(bucket.level(now: 2 * second - 1) == 1)
        #expect(bucket.level(now: 100 * second) == 2)
    }

    @Test("rounds a wait up, never down")
    func oddRate() {
        var bucket = TokenBucket(RateLimit(perMinute: 7, burst: 1), now: 0)
        bucket.charge(1, now: 0)
        let wait = bucket.nanoseconds(until: 1, now: 0)
        #expect(wait == 8_571_428_572)  // 60 s / 7 = 8.571428571428… s
        #expect(!bucket.holds(1, now: wait - 1))
        #expect(bucket.holds(1, now: wait))
        #expect(TokenBucket.wholeSeconds(wait) == 9)
        #expect(TokenBucket.wholeSeconds(9 * second) == 9)
    }

    @Test("goes below zero and comes back")
    func overdrawn() {
        var bucket = TokenBucket(RateLimit(perMinute: 60, burst: 10), now: 0)
        bucket.charge(15, now: 0)
        #expect(bucket.level(now: 0) == -5)
        #expect(bucket.level(now: second / 2) == -5)
        #expect(bucket.nanoseconds(until: 1, now: 0) == 6 * second)
        #expect(bucket.nanosecondsUntilFull(now: 0) == 15 * second)
    }

    @Test("a full bucket lets in what is larger than itself")
    func larger() {
        var bucket = TokenBucket(RateLimit(perMinute: 60, burst: 10), now: 0)
        #expect(bucket.holds(25, now: 0))
        bucket.charge(25, now: 0)
        #expect(bucket.level(now: 0) == -15)
        #expect(bucket.nanoseconds(until: 25, now: 0) == 25 * second)
    }

    @Test("years of idleness and the largest limits do not overflow")
    func extremes() {
        let most = RateLimit.largestFigure
        var bucket = TokenBucket(RateLimit(perMinute: most), now: 0)
        bucket.charge(most, now: 0)
        #expect(bucket.nanosecondsUntilFull(now: 0) == 60 * second)
        #expect(bucket.level(now: .max) == most)
    }

    @Test("a clock that seems to go back adds nothing")
    func backwards() {
        var bucket = TokenBucket(RateLimit(perMinute: 60, burst: 5), now: 10 * second)
        bucket.charge(5, now: 10 * second)
        #expect(bucket.level(now: 5 * second) == 0)
        bucket.charge(0, now: 5 * second)
        #expect(bucket.level(now: 11 * second) == 1)
    }
}
