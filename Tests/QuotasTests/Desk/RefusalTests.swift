import ClusterModel
import Testing

@testable import Quotas

@Suite("Refusals and overload")
struct RefusalTests {
    private static let margin = CallDesk.parkMargin.rawValue

    private func bench() throws -> DeskBench {
        try DeskBench([
            ("claude.requests", "600/min,burst=50"), ("claude.input_tokens", "600000/min,burst=600000"),
            ("claude.concurrency", "concurrency=40"), ("jira.requests", "600/min,burst=50"),
            ("github.requests", "600/min,burst=50"),
        ])
    }

    @Test("A 429 parks the limit that it names, for as long as it says")
    func named() throws {
        let bench = try bench()
        let words = [
            LimitWord(limit: "requests", amount: 600, remaining: 40),
            LimitWord(limit: "input_tokens", amount: 600_000, remaining: 500, roundedTo: 1000, fullIn: 60_000),
        ]
        bench.run(1, CallNews(.ended, status: 429, retryAfter: 7000, words: words))
        #expect(try bench.parked("claude.input_tokens") == 7000 + Self.margin)
        #expect(try bench.parked("claude.requests") == 0 && bench.parked("claude.concurrency") == 0)
        bench.ask(DeskBench.wish(1))
        bench.pass(milliseconds: 7000)
        #expect(bench.granted() == [], "its clock may round otherwise than ours")
        bench.pass(milliseconds: Self.margin)
        #expect(try bench.parked("claude.input_tokens") == 0)
        // Somebody else took what was there: an eighth of the burst stays untouched, and has to arrive first.
        bench.pass(milliseconds: 10_000)
        #expect(bench.granted() == [1])
    }

    @Test("One that names no limit parks its whole service, and no other")
    func wholeService() throws {
        let bench = try bench()
        bench.run(1, CallNews(.ended, status: 429, retryAfter: 3000))
        #expect(try bench.parked("claude.concurrency") == 3000 + Self.margin && bench.parked("claude.requests") == 0)
        #expect(try bench.standing("claude.concurrency").view.refusals == 1)
        #expect(bench.run(1, CallNews(.ended, status: 200)) == 0)
        #expect(bench.run(1, service: "jira", CallNews(.ended, status: 200)) == 1)
    }

    @Test("One that says the reset of its limit and no retry-after parks until that")
    func untilReset() throws {
        let bench = try bench()
        let word = LimitWord(limit: "requests", amount: 600, remaining: 0, fullIn: 20_000)
        bench.run(1, CallNews(.ended, status: 429, words: [word]))
        #expect(try bench.parked("claude.requests") == 20_000 + Self.margin)
        let longest = CallDesk.longestPark.rawValue
        bench.pass(milliseconds: 30_000)
        bench.run(1, CallNews(.ended, status: 429, retryAfter: Milliseconds(longest * 3), words: [word]))
        #expect(try bench.parked("claude.requests") == longest + Self.margin)
    }

    @Test(
        "Without a word of how long, a second, then twice as long each time; those under way meanwhile are the same event"
    )
    func silent() throws {
        let bench = try bench()
        for seconds in [1, 2, 4, 8] as [Int64] {
            for number in 1...5 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
            #expect(bench.granted() == [1, 2, 3, 4, 5])
            for number in 1...5 as ClosedRange<UInt64> { bench.tell(number, CallNews(.ended, status: 429)) }
            #expect(try bench.parked("claude.concurrency") == seconds * 1000)
            bench.pass(milliseconds: seconds * 1000)
        }
        bench.run(1, CallNews(.ended, status: 200))
        bench.run(1, CallNews(.ended, status: 429))
        #expect(try bench.parked("claude.concurrency") == 1000, "an answer ends the row")
    }

    @Test("A silent refusal never parks for more than ten minutes")
    func longestSilent() throws {
        let bench = try bench()
        for _ in 0..<15 {
            bench.run(1, CallNews(.ended, status: 429))
            #expect(try bench.parked("claude.concurrency") <= 600_000)
            bench.pass(milliseconds: 600_000)
        }
        bench.run(1, CallNews(.ended, status: 429))
        #expect(try bench.parked("claude.concurrency") == 600_000)
    }

    @Test(
        "GitHub refuses with 403 too, when retry-after or a limit of nothing stands beside it, and then waits a minute")
    func github() throws {
        let bench = try bench()
        bench.run(1, service: "github", CallNews(.ended, status: 403, retryAfter: 9000))
        #expect(try bench.parked("github.concurrency") == 9000 + Self.margin)
        bench.pass(milliseconds: 10_000)
        bench.run(1, service: "github", CallNews(.ended, status: 403))
        #expect(try bench.parked("github.concurrency") == 0, "a call that is not allowed")
        bench.run(
            1, service: "github", CallNews(.ended, status: 403, words: [LimitWord(limit: "requests", remaining: 0)]))
        #expect(try bench.parked("github.requests") == 60_000)
        bench.run(1, CallNews(.ended, status: 403, retryAfter: 9000))
        #expect(try bench.parked("claude.concurrency") == 0)
    }

    @Test(
        "An overload narrows to half of what is in flight, and successes widen it again",
        arguments: [
            CallNews(.ended, status: 529, errorType: "overloaded_error"), CallNews(.ended, status: 500),
            CallNews(.ended, status: 200, isCut: true), CallNews(.ended, status: 0),
        ])
    func overload(news: CallNews) throws {
        let bench = try bench()
        for number in 1...20 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(try bench.standing("claude.concurrency").narrowedTo == nil)
        for number in 1...3 as ClosedRange<UInt64> { bench.tell(number, news) }
        #expect(try bench.standing("claude.concurrency").narrowedTo == 10, "three at once are one event")
        #expect(
            try bench.standing("claude.concurrency").overloads == 3
                && bench.standing("claude.concurrency").openCalls == 17)
        #expect(try bench.standing("claude.concurrency").explanation.contains("overloaded: 10 calls"))
        bench.ask(DeskBench.wish(50))
        #expect(!bench.granted().contains(50))
        bench.pass(milliseconds: 3000)
        for number in 4...20 as ClosedRange<UInt64> { bench.tell(number, CallNews(.ended, status: 200)) }
        #expect(try bench.standing("claude.concurrency").narrowedTo == 11)
        #expect(bench.granted().contains(50))
    }

    @Test("A refusal is no success, and an overload is forgotten after five minutes")
    func forgotten() throws {
        let bench = try bench()
        for number in 1...20 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        bench.tell(1, CallNews(.ended, status: 529))
        bench.pass(milliseconds: 3000)
        for number in 2...20 as ClosedRange<UInt64> {
            bench.tell(number, CallNews(.ended, status: 429, retryAfter: 1000))
        }
        #expect(try bench.standing("claude.concurrency").narrowedTo == 10)
        bench.pass(milliseconds: 296_000)
        bench.run(1, CallNews(.ended, status: 200))
        #expect(try bench.standing("claude.concurrency").narrowedTo == 10)
        bench.pass(milliseconds: 1000)
        bench.run(1, CallNews(.ended, status: 200))
        #expect(try bench.standing("claude.concurrency").narrowedTo == nil)
    }
}
