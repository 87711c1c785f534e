import ClusterModel
import Testing

@testable import Quotas

@Suite("Limits that change while calls go on")
struct LiveLimitTests {
    @Test("A limit that is set holds at once, and reset goes back to what was configured")
    func setAndReset() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=2")])
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1])
        let raised = try bench.set("claude.requests", "600/min,burst=20")
        #expect(raised.before?.description == "60/min,burst=2" && raised.after?.description == "600/min,burst=20")
        #expect(try bench.standing("claude.requests").origin == .live)
        bench.pass(milliseconds: 200)
        #expect(bench.granted() == [2, 3])
        let reset = try #require(try bench.reset("claude.requests"))
        #expect(reset.before == raised.after && reset.after == raised.before)
        #expect(bench.desk.limit(named: "claude.requests") == raised.before)
        #expect(try bench.standing("claude.requests").origin == .config)
        #expect(try bench.reset("claude.nothing") == nil)
        #expect(throws: BucketLimitError.self) { try bench.set("claude.colour", "60/min") }
        #expect(throws: BucketLimitError.self) { try bench.set("claude.requests", "concurrency=3") }
    }

    @Test(
        "A new limit holds calls that come after it; taken out of force it lets waiting ones go, and can be set again")
    func outOfForce() throws {
        let bench = try DeskBench()
        #expect(bench.run(5, CallNews(.ended, status: 200)) == 5)
        let made = try bench.set("claude.requests", "60/min,burst=1")
        #expect(made.before == nil)
        for number in 1...3 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1])
        #expect(try #require(try bench.reset("claude.requests")).after == nil)
        #expect(bench.granted() == [2, 3] && bench.desk.limit(named: "claude.requests") == nil)
        #expect(try bench.reset("claude.requests") == nil)
        #expect(!bench.unpark("claude.requests"))
        try bench.set("claude.requests", "60/min,burst=1")
        #expect(try bench.left("claude.requests") <= 1)
        #expect(bench.run(5, CallNews(.ended, status: 200)) <= 1)
    }

    @Test(
        "A concurrency taken out of force holds nothing, and an overload can still narrow it; a class's is another bucket"
    )
    func concurrency() throws {
        let bench = try DeskBench([("claude.concurrency", "concurrency=2")])
        try bench.set("claude.concurrency.sonnet", "concurrency=1")
        for number in 1...3 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1])
        #expect(try #require(try bench.reset("claude.concurrency.sonnet")).after == nil)
        #expect(bench.granted() == [2], "two of all models, as configured")
        #expect(bench.desk.limit(named: "claude.concurrency")?.burst == 2)
        try bench.set("claude.concurrency", "concurrency=3")
        #expect(bench.granted() == [3])
        let other = try DeskBench()
        try other.set("claude.concurrency", "concurrency=1")
        for number in 1...4 as ClosedRange<UInt64> { other.ask(DeskBench.wish(number)) }
        #expect(other.granted() == [1])
        #expect(try #require(try other.reset("claude.concurrency")).after?.burst == 100_000)
        #expect(try other.granted() == [2, 3, 4] && other.standing("claude.concurrency").origin == .open)
        other.tell(1, CallNews(.ended, status: 529))
        #expect(try other.standing("claude.concurrency").narrowedTo == 2)
    }

    @Test("Unpark grants again before the time that the service asked for, also what parked the whole service")
    func unpark() throws {
        let bench = try DeskBench([("claude.requests", "600/min,burst=50")])
        bench.run(1, CallNews(.ended, status: 429, retryAfter: 60_000))
        bench.ask(DeskBench.wish(1))
        #expect(bench.granted() == [])
        #expect(bench.unpark("claude.requests"))
        #expect(bench.granted() == [1])
        #expect(!bench.unpark("jira.requests"))
    }

    @Test("A shadow holds nothing and counts")
    func shadow() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=2,shadow")])
        #expect(bench.run(5, CallNews(.ended, status: 200)) == 5)
        let standing = try bench.standing("claude.requests")
        #expect(standing.view.shadowOverruns == 4 && standing.explanation.contains("4 calls would have waited"))
    }

    @Test("There is an end to services")
    func services() throws {
        let bench = try DeskBench()
        for place in 1..<QuotaLimits.services {
            bench.ask(DeskBench.wish(UInt64(place), service: "s\(place)", endpoint: "read"))
        }
        #expect(bench.granted().count == QuotaLimits.services - 1)
        bench.ask(DeskBench.wish(500, service: "onemore", endpoint: "read"))
        let notices = bench.desk.takeNotices()
        guard case .refused(let why) = notices.first?.answer else { return #expect(Bool(false), "\(notices)") }
        #expect(notices.count == 1 && why.contains("name fewer"))
    }
}
