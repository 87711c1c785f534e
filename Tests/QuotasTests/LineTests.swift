import ClusterModel
import Quotas
import Testing

@Suite("The line of waiting requests")
struct LineTests {
    @Test("All buckets are taken, or none")
    func allOrNone() throws {
        let bench = try QuotaBench([("a", "60/min,burst=5"), ("b", "60/min,burst=1")])
        _ = try bench.granted([("b", 1)])
        let both = try bench.waits([("a", 1), ("b", 1)])
        #expect(try bench.view("a").remaining == 5)
        bench.pass(milliseconds: 1000)
        #expect(bench.advance() == [both])
        #expect(try bench.view("a").remaining == 4)
    }

    @Test("A small request does not overtake a large one that shares a bucket; others pass freely")
    func noOvertaking() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10"), ("b", "60/min,burst=10"), ("c", "60/min,burst=10")])
        _ = try bench.granted([("a", 5)])
        let large = try bench.waits([("a", 9), ("b", 1)])
        let small = try bench.waits([("a", 1)])
        // Nothing holds it but the large one, which also claims b.
        let other = try bench.waits([("b", 1), ("c", 1)])
        // It shares c with one that waits.
        let third = try bench.waits([("c", 1)])
        #expect(bench.advance().isEmpty)
        #expect(bench.book.nextDeadline == bench.now + .seconds(4))
        bench.pass(milliseconds: 4000)
        #expect(bench.advance() == [large, other, third])
        bench.pass(milliseconds: 1000)
        #expect(bench.advance() == [small])
        #expect(bench.book.nextDeadline == nil)
    }

    @Test("Priority goes first, then arrival; a higher one passes what waits")
    func priority() throws {
        let bench = try QuotaBench([("a", "60/min,burst=1")])
        _ = try bench.granted([("a", 1)])
        let first = try bench.waits([("a", 1)])
        let second = try bench.waits([("a", 1)])
        let high = try bench.waits([("a", 1)], priority: .high)
        let bulk = try bench.waits([("a", 1)], priority: .bulk)
        var order: [PermitID] = []
        for _ in 0..<4 {
            bench.pass(milliseconds: 1000)
            order += bench.advance()
        }
        #expect(order == [high, first, second, bulk])
    }

    @Test("Critical work takes the reserve while normal work waits")
    func reserve() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10,reserve=50%")])
        _ = try bench.granted([("a", 5)])
        let normal = try bench.waits([("a", 1)])
        _ = try bench.granted([("a", 5)], priority: .critical)
        bench.pass(milliseconds: 5000)
        #expect(bench.advance().isEmpty)
        bench.pass(milliseconds: 1000)
        #expect(bench.advance() == [normal])
    }

    @Test("A cancelled head lets the next one go")
    func cancel() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10")])
        _ = try bench.granted([("a", 8)])
        let large = try bench.waits([("a", 9)])
        let small = try bench.waits([("a", 2)])
        #expect(bench.cancelWaiting(large))
        #expect(!bench.cancelWaiting(large))
        #expect(bench.advance() == [small])
        #expect(!bench.cancelWaiting(small))
    }

    @Test("What can't be met is refused in words")
    func refused() throws {
        let bench = try QuotaBench([("a", "60/min"), ("c", "concurrency=3")])
        let other = try QuotaBench([("x", "1/s"), ("y", "1/s"), ("z", "1/s")])
        _ = try other.granted([("z", 1)])
        let stranger = try #require(other.book.index(of: "z"))
        func refusal(_ costs: [PermitCost]) -> String? {
            let request = PermitRequest(holder: 1, priority: .normal, costs: costs)
            return #expect(throws: QuotaRefusal.self) { try bench.ask(request) }?.message
        }
        let (a, c) = (try #require(bench.book.index(of: "a")), try #require(bench.book.index(of: "c")))
        #expect(refusal([PermitCost(stranger, 1)])?.contains("no bucket 2") == true)
        #expect(refusal([PermitCost(a, -1)])?.contains("-1 in a") == true)
        #expect(refusal([PermitCost(a, .max)])?.contains("must be 0 to") == true)
        #expect(refusal([PermitCost(c, 1), PermitCost(a, 1), PermitCost(c, 1)])?.contains("c twice") == true)
        #expect(refusal([PermitCost(c, 4)])?.contains("never has more than 3") == true)
        #expect(refusal(Array(repeating: PermitCost(a, 0), count: 17))?.contains("17 buckets") == true)
        #expect(throws: BucketLimitError.self) {
            try bench.add("a", "1/s")
        }
        #expect(bench.book.openCount == 0 && bench.book.waitingCount == 0)
    }

    @Test("At most so many wait, and so many are open; a place is free again when one ends")
    func full() throws {
        let bench = try QuotaBench([("a", "60/min,burst=4")], mostPermits: 6, mostWaiting: 2)
        let open = try (0..<4).map { _ in try bench.granted([("a", 1)]) }
        let waiting = try bench.waits([("a", 1)])
        _ = try bench.waits([("a", 1)])
        #expect(throws: QuotaRefusal.self) { try bench.ask([("a", 1)]) }
        bench.book.settle(open[0], actual: [], at: bench.now)
        let refusal = #expect(throws: QuotaRefusal.self) { try bench.ask([("a", 1)]) }
        #expect(refusal?.code == .full && refusal?.message.contains("2 requests wait") == true)
        // A request that need not wait is not refused for the length of the line.
        _ = try bench.granted([("a", 0)])
        bench.book.cancelWaiting(waiting)
        #expect(throws: Never.self) { try bench.ask([("a", 1)]) }
        #expect(throws: QuotaRefusal.self) { try bench.ask([("a", 0)]) }
        #expect(bench.book.openCount == 4)
    }

    @Test("Twenty thousand wait in two lanes, and each look grants what has arrived")
    func longLine() throws {
        let bench = try QuotaBench(
            [("a", "1/s"), ("b", "1/s")], mostPermits: 20_010, mostWaiting: 20_000)
        _ = try bench.granted([("a", 1), ("b", 1)])
        for number in 0..<20_000 { _ = try bench.waits([(number % 2 == 0 ? "a" : "b", 1)]) }
        for _ in 0..<100 {
            bench.pass(milliseconds: 1000)
            #expect(bench.advance().count == 2)
        }
    }
}
