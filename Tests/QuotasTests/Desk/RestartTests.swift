import ClusterModel
import Testing

@testable import Quotas

@Suite("Deaths and restarts")
struct RestartTests {
    private static let limits = [("claude.requests", "60/min,burst=41"), ("claude.concurrency", "concurrency=16")]

    @Test("A dead holder's open calls count as made, its waiting ones are dropped, and it is told nothing more")
    func holderDied() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=11"), ("claude.concurrency", "concurrency=2")])
        bench.ask(DeskBench.wish(1))
        bench.ask(DeskBench.wish(1), holder: 2)
        bench.ask(DeskBench.wish(2))
        bench.ask(DeskBench.wish(2), holder: 2)
        bench.desk.holderDied(1, at: bench.now)
        let notices = bench.desk.takeNotices()
        #expect(notices.map(\.holder) == [2, 2] && notices.map(\.number) == [1, 2])
        #expect(try bench.left("claude.requests") == 7 && bench.standing("claude.concurrency").openCalls == 2)
        #expect(!bench.tell(1, CallNews(.withdrawn)))
        bench.desk.forgetHolders(at: bench.now)
        #expect(try bench.left("claude.requests") == 7 && bench.left("claude.concurrency") == 0)
        bench.desk.beforeEnded(at: bench.now)
        #expect(try bench.left("claude.concurrency") == 2)
        #expect(bench.desk.openCalls == 0 && bench.desk.waitingCalls == 0)
    }

    @Test("Holders that have other names now hold what they held, until they have told of it or nobody will")
    func holdersForgotten() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=11"), ("claude.concurrency", "concurrency=2")])
        for number in 1...3 { bench.ask(DeskBench.wish(UInt64(number)), holder: UInt64(number)) }
        #expect(bench.granted() == [1, 2])
        bench.desk.forgetHolders(at: bench.now)
        #expect(try bench.left("claude.requests") == 8, "what waited was not granted on the way")
        bench.ask(DeskBench.wish(3), holder: 13)
        bench.desk.adopt(DeskBench.wish(1), holder: 11, at: bench.now)
        #expect(bench.granted() == [], "both calls go on")
        bench.tell(1, CallNews(.ended, status: 200), holder: 11)
        #expect(bench.granted() == [3])
        bench.ask(DeskBench.wish(4), holder: 13)
        #expect(bench.granted() == [])
        bench.desk.beforeEnded(at: bench.now)
        #expect(bench.granted() == [4])
    }

    @Test("What nobody limits is not held by holders that are forgotten")
    func forgottenWithoutLimit() throws {
        let bench = try DeskBench()
        bench.ask(DeskBench.wish(1))
        bench.desk.forgetHolders(at: bench.now)
        #expect(try bench.standing("claude.concurrency").view.used == 0)
    }

    @Test("Before its first record a durable desk grants nothing")
    func firstRecord() throws {
        let bench = try DeskBench(Self.limits, isDurable: true)
        bench.ask(DeskBench.wish(1))
        #expect(bench.granted() == [])
        let snapshot = try #require(bench.snapshot())
        #expect(bench.granted() == [], "it is on its way")
        bench.desk.recorded(snapshot.number, at: bench.now)
        #expect(bench.granted() == [1])
        #expect(bench.snapshot() == nil)
        #expect(try #require(bench.desk.nextRecord) == bench.now + CallDesk.recordEvery)
        bench.pass(milliseconds: 1000)
        #expect(bench.record().count == 2)
        #expect(bench.desk.nextRecord == nil && bench.record().isEmpty, "nothing was spent since")
        #expect(try DeskBench(Self.limits).desk.nextRecord == nil)
    }

    @Test("While a record is being written no other is taken, until it is given up")
    func slowDisk() throws {
        let bench = try DeskBench(Self.limits, isDurable: true)
        bench.ask(DeskBench.wish(1))
        let first = try #require(bench.snapshot())
        for _ in 0..<9 {
            bench.pass(milliseconds: 1000)
            bench.ask(DeskBench.wish(UInt64(bench.now.nanoseconds)))
            #expect(bench.snapshot() == nil)
        }
        bench.desk.recorded(first.number, at: bench.now)
        #expect(bench.granted().contains(1))
        _ = bench.snapshot()
        bench.ask(DeskBench.wish(2))
        bench.pass(milliseconds: CallDesk.recordGivenUp.rawValue)
        #expect(bench.snapshot() != nil)
    }

    @Test("Granted, crashed and restored, at any record: never more than the burst in all", arguments: 0..<12)
    func neverTwice(recordsLost: Int) throws {
        let bench = try DeskBench(Self.limits, isDurable: true)
        var disk = bench.record()
        var granted = 0
        for number in 1...60 as ClosedRange<UInt64> {
            bench.ask(DeskBench.wish(number))
            granted += bench.granted().count
            for open in 1...number { bench.tell(open, CallNews(.ended, status: 200)) }
            let records = bench.snapshot()
            // The last of them never reach the disk: what was granted meanwhile is covered all the same.
            guard let records, Int(records.number) < 14 - recordsLost else { continue }
            disk = records.records
            bench.desk.recorded(records.number, at: bench.now)
            granted += bench.granted().count
        }
        let next = try DeskBench(Self.limits, isDurable: true, term: 2)
        #expect(next.restore(disk + [QuotaRecord(name: "gone", state: .level(1))]) == ["gone"])
        for number in 1...60 as ClosedRange<UInt64> {
            _ = next.record()
            next.ask(DeskBench.wish(number))
            granted += next.granted().count
            next.tell(number, CallNews(.ended, status: 200))
        }
        #expect(granted <= 40 && granted >= 30, "\(granted)")
    }

    @Test("A call of before the restart goes on: it holds its place, its end charges nothing again")
    func adopted() throws {
        let bench = try DeskBench(Self.limits, isDurable: true)
        _ = bench.record()
        let records = [
            QuotaRecord(name: "claude.requests", state: .level(20)),
            QuotaRecord(name: "claude.concurrency", state: .held(4)),
        ]
        bench.desk.restore(records, at: bench.now, wall: bench.wall)
        _ = bench.record()
        #expect(try bench.left("claude.concurrency") == 12)
        for _ in 0..<2 { bench.desk.adopt(DeskBench.wish(1), holder: 1, at: bench.now) }
        #expect(try bench.left("claude.concurrency") == 12 && bench.standing("claude.concurrency").openCalls == 1)
        #expect(try bench.left("claude.requests") == 20)
        bench.tell(1, CallNews(.goesOn, status: 200, input: 10, output: 10))
        bench.tell(1, CallNews(.ended, status: 200, input: 10, output: 10))
        #expect(try bench.left("claude.requests") == 20 && bench.left("claude.concurrency") == 13)
        bench.desk.beforeEnded(at: bench.now)
        #expect(try bench.left("claude.concurrency") == 16)
    }

    @Test(
        "A call that waits here and was granted by the coordinator of before is open, or over, without a second charge")
    func grantedBefore() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=2")])
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1] && bench.desk.waitingCalls == 3)
        bench.desk.adopt(DeskBench.wish(2), holder: 1, at: bench.now)
        #expect(bench.desk.waitingCalls == 2 && bench.desk.openCalls == 2)
        #expect(bench.tell(3, CallNews(.ended, status: 429, retryAfter: 4000)))
        #expect(bench.desk.waitingCalls == 1)
        #expect(try bench.left("claude.requests") == 0 && bench.standing("claude.concurrency").openCalls == 2)
        #expect(try bench.parked("claude.concurrency") > 4000, "its refusal counts")
        bench.pass(milliseconds: 5000)
        #expect(bench.granted() == [4])
    }

    @Test("A park outlives the restart")
    func park() throws {
        let bench = try DeskBench(Self.limits, isDurable: true)
        _ = bench.record()
        bench.run(1, CallNews(.ended, status: 429, retryAfter: 20_000))
        bench.pass(milliseconds: 1000)
        let disk = bench.record()
        let next = try DeskBench(Self.limits, isDurable: true, term: 2)
        next.desk.restore(disk, at: next.now, wall: next.wall)
        _ = next.record()
        #expect(try next.parked("claude.concurrency") == 19_000 + CallDesk.parkMargin.rawValue)
    }
}
