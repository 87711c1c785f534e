import ClusterModel
import Quotas

/// A bucket that an expectation may change: the macros take no mutating calls on a value.
final class BucketBench {
    var bucket: Bucket

    init(_ text: String, at now: Instant) throws {
        bucket = Bucket(try BucketLimit(name: "b", parsing: text), at: now)
    }

    var refusals: UInt64 { bucket.refusals }
    var shadowOverruns: UInt64 { bucket.shadowOverruns }
    func remaining(at now: Instant) -> Int64 { bucket.remaining(at: now) }
    func nextTime(_ amount: Int64, priority: Priority) -> Instant { bucket.nextTime(amount, priority: priority) }

    func take(_ amount: Int64, priority: Priority, at now: Instant) -> Bucket.Receipt? {
        bucket.take(amount, priority: priority, at: now)
    }

    func lower(to remaining: Int64, asOf sent: Instant, spentSince: Int64 = 0, at now: Instant) -> Bool {
        bucket.lower(to: remaining, asOf: sent, spentSince: spentSince, at: now)
    }

    func settle(_ receipt: Bucket.Receipt, actual: Int64, at now: Instant) {
        bucket.settle(receipt, actual: actual, at: now)
    }

    func change(to text: String, name: String = "b", at now: Instant) throws {
        try bucket.change(to: BucketLimit(name: name, parsing: text), at: now)
    }
}
