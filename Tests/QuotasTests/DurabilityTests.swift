import ClusterModel
import Quotas
import Testing

@Suite("What a restart resumes from")
struct DurabilityTests {
    @Test("Nothing is granted before a first record, and no more than lies ahead before the next")
    func ahead() throws {
        let bench = try QuotaBench([("a", "60/min,burst=80")], isDurable: true)
        let first = try bench.waits([("a", 1)])
        #expect(bench.book.needsRecord)
        #expect(bench.book.nextDeadline == nil, "time alone doesn't help")
        #expect(bench.record() == [QuotaRecord(name: "a", state: .level(70))])
        #expect(bench.advance() == [first])
        _ = try bench.granted([("a", 9)])
        _ = try bench.waits([("a", 1)])
        #expect(bench.book.needsRecord)
        #expect(bench.record() == [QuotaRecord(name: "a", state: .level(60))])
        #expect(bench.advance().count == 1)
    }

    @Test("While a record is being written neither it nor the one before may be overdrawn")
    func inFlight() throws {
        let bench = try QuotaBench([("a", "60/min,burst=80")], isDurable: true)
        _ = bench.record()
        let late = bench.book.snapshotAhead(at: bench.now, wall: bench.wall)
        #expect(!bench.book.needsRecord, "one is on its way")
        _ = try bench.granted([("a", 10)])
        _ = try bench.waits([("a", 1)])
        let newest = bench.book.snapshotAhead(at: bench.now, wall: bench.wall)
        #expect(bench.advance().isEmpty)
        #expect(!bench.recorded(late.number), "it was superseded")
        #expect(bench.advance().isEmpty)
        #expect(bench.recorded(newest.number))
        #expect(!bench.recorded(newest.number))
        #expect(bench.advance().count == 1)
    }

    @Test("A record that is higher than the one before binds as soon as it may be on disk")
    func higherInFlight() throws {
        let bench = try QuotaBench([("a", "60/min,burst=80")], isDurable: true)
        for _ in 0..<8 {
            _ = bench.record()
            _ = try bench.granted([("a", 10)])
        }
        bench.pass(milliseconds: 80_000)
        #expect(!bench.book.needsRecord, "the disk says 0: all of it may go")
        let snapshot = bench.book.snapshotAhead(at: bench.now, wall: bench.wall)
        #expect(snapshot.records[0].state == .level(70))
        _ = try bench.granted([("a", 10)])
        let late = try bench.waits([("a", 1)])
        let newer = bench.book.snapshotAhead(at: bench.now, wall: bench.wall)
        #expect(bench.recorded(newer.number))
        #expect(bench.advance() == [late])
    }

    @Test("A restart resumes at the record, without refill for the time down")
    func restart() throws {
        let bench = try QuotaBench([("a", "60/min,burst=80"), ("c", "concurrency=16")], isDurable: true)
        _ = bench.record()
        let old = try bench.granted([("a", 10), ("c", 2)])
        let c = try #require(bench.book.index(of: "c"))
        bench.book.park(try #require(bench.book.index(of: "a")), until: bench.now + .seconds(20))
        let records = bench.record()
        #expect(records[0].state == .level(60) && records[1].state == .held(4))
        bench.pass(milliseconds: 15_000)
        let next = try QuotaBench([("a", "60/min,burst=80"), ("c", "concurrency=16")], isDurable: true)
        next.now = bench.now
        #expect(next.restore(records + [QuotaRecord(name: "gone", state: .level(1))]) == ["gone"])
        #expect(try next.view("a").remaining == 60)
        #expect(try next.view("a").parkedUntil == next.now + .seconds(5))
        #expect(try next.view("c").used == 4)
        #expect(!next.settle(old, actual: []))
        next.book.heldFromBeforeEnded(c, count: 1)
        #expect(try next.view("c").used == 3)
        next.book.heldFromBeforeEnded(c)
        #expect(try next.view("c").used == 0)
        #expect(next.book.needsRecord)
    }

    @Test("A calendar that jumped back does not lengthen a park; one of another kind says nothing")
    func oddRecords() throws {
        let bench = try QuotaBench([("a", "60/min,burst=80")], isDurable: true)
        let record = QuotaRecord(
            name: "a", state: .held(3), parkedUntil: WallTime(milliseconds: .max), parkedFor: .seconds(2))
        bench.book.restore([record], at: bench.now, wall: WallTime(milliseconds: .min))
        #expect(try bench.view("a").parkedUntil == bench.now + .seconds(2))
        #expect(try bench.view("a").remaining == 80)
        bench.book.restore([QuotaRecord(name: "a", state: .level(.max))], at: bench.now, wall: bench.wall)
        #expect(try bench.view("a").remaining == 80, "never above the burst")
    }

    @Test("A cost above the burst gets a record that covers it, while it waits")
    func oversized() throws {
        let bench = try QuotaBench([("a", "60/min,burst=8")], isDurable: true)
        _ = bench.record()
        let large = try bench.waits([("a", 30)])
        #expect(bench.book.needsRecord)
        #expect(bench.record()[0].state == .level(-22))
        #expect(bench.advance() == [large])
        #expect(try bench.view("a").remaining == -22)
    }

    @Test("An empty bucket resumes empty, not in debt, and asks for no more records")
    func empty() throws {
        let bench = try QuotaBench([("a", "60/min,burst=8")], isDurable: true)
        for _ in 0..<9 {
            _ = bench.record()
            _ = try? bench.ask([("a", 1)])
        }
        _ = bench.advance()
        #expect(bench.record()[0].state == .level(0))
        #expect(!bench.book.needsRecord)
    }

    @Test("A book that is not durable grants without records")
    func notDurable() throws {
        let bench = try QuotaBench([("a", "60/min,burst=8")])
        #expect(!bench.book.needsRecord)
        _ = bench.book.snapshotAhead(at: bench.now, wall: bench.wall)
        _ = try bench.granted([("a", 8)])
    }
}
