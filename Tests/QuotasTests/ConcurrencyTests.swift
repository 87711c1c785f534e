import ClusterModel
import Testing

@testable import Quotas

@Suite("Concurrency limits")
struct ConcurrencyTests {
    @Test("However overloaded the service is, one call may be in flight")
    func narrow() throws {
        let bench = try QuotaBench([("c", "concurrency=3")])
        let bucket = try #require(bench.book.index(of: "c"))
        bench.book.narrow(bucket, to: 0)
        let only = try bench.granted([("c", 1)])
        let next = try bench.waits([("c", 1)])
        #expect(bench.handBack(only) && bench.advance() == [next])
        bench.book.narrow(bucket, to: nil)
        _ = try bench.granted([("c", 2)])
    }

    @Test("What calls of before a restart held is released once, however often it is said")
    func heldFromBefore() throws {
        var bucket = Bucket(try BucketLimit(name: "c", parsing: "concurrency=3"), at: .origin)
        bucket.resume(.held(3), binds: false, at: .origin)
        let isFull = bucket.take(1, priority: .normal, at: .origin) == nil
        for _ in 0..<3 { bucket.releaseHeldFromBefore(2) }
        let isOpen = bucket.take(3, priority: .normal, at: .origin) != nil
        let isFullAgain = bucket.take(1, priority: .normal, at: .origin) == nil
        #expect(isFull && isOpen && isFullAgain)
    }
}
