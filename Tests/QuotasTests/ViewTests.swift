import ClusterModel
import Quotas
import Testing

@Suite("What people see")
struct ViewTests {
    @Test("A bucket's view")
    func view() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10,reserve=20%"), ("c", "concurrency=4")])
        let (a, c) = (try #require(bench.book.index(of: "a")), try #require(bench.book.index(of: "c")))
        _ = try bench.granted([("a", 8), ("c", 3)])
        _ = try bench.waits([("a", 1)])
        bench.book.park(a, until: bench.now + .seconds(2))
        bench.book.narrow(c, to: 2)
        let view = try bench.view("a")
        #expect(view.limit == "60/min,burst=10,reserve=20%" && view.limitPerMinute == 60)
        #expect(view.most == 10 && view.used == 8 && view.remaining == 2 && view.reserve == 2)
        #expect(view.waiting == 1 && view.spentLastMinute == 8)
        #expect(view.parkedUntil == bench.now + .seconds(2) && view.refusals == 1)
        #expect(!view.isShadow && view.shadowOverruns == 0)
        let held = try bench.view("c")
        #expect(held.most == 2 && held.used == 3 && held.remaining == -1 && held.limitPerMinute == nil)
        bench.pass(milliseconds: 61_000)
        #expect(try bench.view("a").spentLastMinute == 0)
        #expect(try bench.view("a").parkedUntil == nil)
    }

    @Test("Why a request waits, in numbers and words")
    func why() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10,reserve=50%"), ("b", "1/s")])
        let open = try bench.granted([("a", 5)])
        #expect(bench.book.whyWaits(open, at: bench.now) == nil)
        let first = try bench.waits([("a", 2)])
        let second = try bench.waits([("a", 1), ("b", 1)], priority: .low)
        let reason = try #require(bench.book.whyWaits(first, at: bench.now))
        #expect(reason.ahead == 0)
        #expect(reason.holds.map(\.hold) == [.reserve])
        #expect(reason.holds[0].wait == .seconds(2))
        #expect(reason.sentence.contains("kept for critical work (for 2000 ms at least)"))
        #expect(
            try #require(bench.book.whyWaits(second, at: bench.now)).sentence.hasPrefix("waits: 1 request goes first"))
        bench.book.park(try #require(bench.book.index(of: "a")), until: bench.now + .seconds(9))
        #expect(try #require(bench.book.whyWaits(first, at: bench.now)).sentence.contains("a is parked"))
        bench.book.cancelWaiting(first)
        #expect(bench.book.whyWaits(first, at: bench.now) == nil)
    }
}
