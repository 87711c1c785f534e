import ClusterModel
import Testing

@testable import Quotas

@Suite("What services say of their limits")
struct LimitWordTests {
    private func told(_ amount: Int64, _ remaining: Int64? = nil, fullIn: Milliseconds? = nil) -> CallNews {
        CallNews(
            .ended, status: 200,
            words: [LimitWord(limit: "requests", amount: amount, remaining: remaining, fullIn: fullIn)])
    }

    @Test("A limit that nobody set is learned: its rate from the amount, its burst from what is left and when all is")
    func learned() throws {
        let bench = try DeskBench()
        bench.run(1, told(60, 9, fullIn: 2000))
        let standing = try bench.standing("claude.requests.sonnet")
        #expect(standing.origin == .learned && standing.limit.description == "60/min,burst=10")
        #expect(standing.view.remaining == 9)
        bench.run(1, CallNews(.ended, status: 200, words: [LimitWord(limit: "output_tokens", amount: 8000)]))
        #expect(try bench.standing("claude.output_tokens.sonnet").limit.burst == 8000)
        let odd = ["nonsense", "concurrency", "count_tokens", "tokens"].map {
            LimitWord(limit: $0, amount: 5, remaining: 1)
        }
        bench.run(1, CallNews(.ended, status: 200, words: odd))
        for amount in [0, -1, .max] as [Int64] {
            bench.run(1, CallNews(.ended, status: 200, words: [LimitWord(limit: "input_tokens", amount: amount)]))
        }
        #expect(bench.desk.standings(at: bench.now).count == 2)
    }

    @Test("Another amount is learned anew, for each class of models apart")
    func relearned() throws {
        let bench = try DeskBench()
        bench.run(1, told(60, 9, fullIn: 2000))
        bench.run(1, model: "claude-opus-4-1", told(120, 19, fullIn: 1500))
        #expect(try bench.standing("claude.requests.sonnet").limit.description == "60/min,burst=10")
        #expect(try bench.standing("claude.requests.opus").limit.description == "120/min,burst=20")
        bench.run(1, told(600, 5))
        #expect(try bench.standing("claude.requests.sonnet").limit.perMinute == 600)
        #expect(try bench.standing("claude.requests.opus").limit.perMinute == 120)
        #expect(try bench.left("claude.requests.opus") == 19, "what is said of one class says nothing of another")
    }

    @Test("A limit that somebody set stays, and people are told that the service has less")
    func configured() throws {
        let bench = try DeskBench([("claude.requests", "600/min,burst=50")])
        bench.run(1, told(60))
        let standing = try bench.standing("claude.requests")
        #expect(standing.origin == .config && standing.limit.perMinute == 600)
        #expect(standing.explanation.contains("its limit is 60 a minute, which is less"))
        #expect(bench.desk.standings(at: bench.now).count == 1)
    }

    @Test("A word lowers a level only beyond its rounding, and never raises it")
    func rounding() throws {
        let bench = try DeskBench([("claude.input_tokens", "60000/min,burst=50000")])
        func say(_ remaining: Int64) {
            let word = LimitWord(limit: "input_tokens", amount: 60_000, remaining: remaining, roundedTo: 1000)
            bench.run(1, CallNews(.ended, status: 200, input: 0, words: [word]))
        }
        let full = try bench.left("claude.input_tokens")
        #expect(full == 49_900)
        say(90_000)
        say(49_400)
        #expect(try bench.left("claude.input_tokens") == full)
        say(40_000)
        #expect(try bench.left("claude.input_tokens") == 40_500)
        say(45_000)
        #expect(try bench.left("claude.input_tokens") == 40_500)
        say(-5)
        #expect(try bench.left("claude.input_tokens") == 500)
    }

    @Test("What was taken since the answer began is taken off, its own input is not, and what arrived since is added")
    func sinceTheHead() throws {
        let bench = try DeskBench([
            ("claude.requests", "60/min,burst=101"), ("claude.input_tokens", "60000/min,burst=500000"),
        ])
        bench.ask(DeskBench.wish(1, bytes: 3996))
        bench.tell(1, CallNews(.goesOn, status: 200, input: 5000))
        for number in 2...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number, bytes: 3996)) }
        bench.pass(milliseconds: 2000)
        let words = [
            LimitWord(limit: "requests", remaining: 50),
            LimitWord(limit: "input_tokens", remaining: 300_000, roundedTo: 1000),
        ]
        bench.tell(1, CallNews(.ended, status: 200, input: 5000, words: words))
        #expect(try bench.left("claude.requests") == 50 + 2 - 3)
        #expect(try bench.left("claude.input_tokens") == 300_500 + 2000 - 3 * 1500)
    }

    @Test("In a long answer more arrives than the bucket holds, and what was spent of it meanwhile is no debt")
    func longAnswer() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=6")])
        bench.ask(DeskBench.wish(1))
        bench.tell(1, CallNews(.goesOn, status: 200))
        for number in 2...21 as ClosedRange<UInt64> {
            bench.pass(milliseconds: 1000)
            bench.ask(DeskBench.wish(number))
        }
        #expect(bench.granted().count == 21)
        bench.tell(1, CallNews(.ended, status: 200, words: [LimitWord(limit: "requests", remaining: 5)]))
        #expect(try bench.left("claude.requests") == 4)
    }

    @Test("A word of an organisation's limit touches that, and a class's own stays beside it")
    func organisation() throws {
        let bench = try DeskBench([
            ("claude.requests", "600/min,burst=101"), ("claude.requests.sonnet", "300/min,burst=51"),
        ])
        bench.run(1, model: "claude-opus-4-1", told(600, 30))
        #expect(try bench.left("claude.requests") == 30 && bench.left("claude.requests.sonnet") == 49)
        #expect(try bench.standing("claude.requests").origin == .config)
    }
}
