import ClusterModel
import Quotas
import Testing

@Suite("The end of a permit")
struct PermitEndTests {
    @Test("A permit ends once: a second call of any kind is refused and changes nothing")
    func once() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10"), ("c", "concurrency=1")])
        let a = try #require(bench.book.index(of: "a"))
        let first = try bench.granted([("a", 5), ("c", 1)])
        #expect(bench.settle(first, actual: [PermitCost(a, 2)]))
        #expect(!bench.settle(first, actual: [PermitCost(a, 0)]))
        #expect(!bench.handBack(first))
        #expect(!bench.spent(first))
        #expect(try bench.view("a").remaining == 8)
        // Its slot is taken over by another permit, which the old name must not end.
        let second = try bench.granted([("a", 1), ("c", 1)])
        #expect(second.slot == first.slot)
        #expect(!bench.handBack(first))
        #expect(bench.handBack(second))
        #expect(try bench.view("a").remaining == 8)
        #expect(!bench.handBack(PermitID(serial: 77, slot: .max)))
    }

    @Test("A waiting request can be neither settled nor handed back")
    func waiting() throws {
        let bench = try QuotaBench([("c", "concurrency=1")])
        let open = try bench.granted([("c", 1)])
        let waiting = try bench.waits([("c", 1)])
        #expect(!bench.settle(waiting, actual: []))
        #expect(!bench.handBack(waiting))
        #expect(bench.book.nextDeadline == nil)
        #expect(bench.settle(open, actual: []))
        #expect(bench.advance() == [waiting])
    }

    @Test("A bucket that the request didn't name is charged; one that the true costs don't name keeps the estimate")
    func unnamed() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10"), ("b", "60/min,burst=10")])
        let b = try #require(bench.book.index(of: "b"))
        let permit = try bench.granted([("a", 4)])
        #expect(bench.settle(permit, actual: [PermitCost(b, 12)]))
        #expect(try bench.view("a").remaining == 6)
        #expect(try bench.view("b").remaining == -2)
    }

    @Test("A dead holder's open permits count as spent, concurrency is free, what it waited for is dropped")
    func holderDies() throws {
        let bench = try QuotaBench([("a", "60/min,burst=10"), ("c", "concurrency=2")])
        let mine = try bench.granted([("a", 4), ("c", 1)], holder: 1)
        let other = try bench.granted([("a", 1), ("c", 1)], holder: 2)
        let waiting = try bench.waits([("a", 1), ("c", 1)], holder: 1)
        let next = try bench.waits([("a", 1), ("c", 1)], holder: 2)
        #expect(bench.holderDied(1) == 1)
        #expect(bench.holderDied(1) == 0)
        #expect(!bench.settle(mine, actual: []))
        #expect(!bench.cancelWaiting(waiting))
        #expect(bench.advance() == [next])
        #expect(try bench.view("a").remaining == 4)
        #expect(bench.handBack(other))
        #expect(bench.book.openCount == 1)
    }

    @Test("A header that came with a permit takes off what others took since")
    func header() throws {
        let bench = try QuotaBench([("a", "60/min,burst=100")])
        let a = try #require(bench.book.index(of: "a"))
        let sent = try bench.granted([("a", 10)])
        _ = try bench.granted([("a", 20)])
        let wasLowered = bench.book.lower(a, to: 50, asOf: bench.now, sentWith: sent, at: bench.now)
        #expect(wasLowered)
        #expect(try bench.view("a").remaining == 30)
        bench.book.settle(sent, actual: [PermitCost(a, 1)], at: bench.now)
        #expect(try bench.view("a").remaining == 30, "the header counts the true cost already")
    }
}
