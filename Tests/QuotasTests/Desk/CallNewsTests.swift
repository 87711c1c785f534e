import ClusterModel
import Testing

@testable import Quotas

@Suite("News of calls")
struct CallNewsTests {
    private func bench() throws -> DeskBench {
        try DeskBench([
            ("claude.requests", "60/min,burst=10"), ("claude.input_tokens", "60000/min,burst=20000"),
            ("claude.output_tokens", "60000/min,burst=20000"), ("claude.tokens", "60000/min,burst=30000"),
        ])
    }

    private func left(_ bench: DeskBench) throws -> [Int64] {
        try ["input_tokens", "output_tokens", "tokens"].map { try bench.left("claude.\($0)") }
    }

    @Test("Input is settled as soon as the answer begins, output only rises until the end")
    func goesOn() throws {
        let bench = try bench()
        bench.ask(DeskBench.wish(1, bytes: 3996, mostOutput: 800))
        #expect(try left(bench) == [18_400, 19_100, 27_600], "1.5 tokens for four bytes, at first")
        bench.tell(1, CallNews(.goesOn, status: 200, input: 700, output: 5))
        #expect(try left(bench) == [19_200, 19_100, 28_400])
        bench.tell(1, CallNews(.goesOn, status: 200, input: 700, output: 1000))
        #expect(try left(bench) == [19_200, 18_900, 28_200])
        bench.tell(1, CallNews(.ended, status: 200, input: 700, output: 300))
        #expect(try left(bench) == [19_200, 19_600, 28_900])
        #expect(try bench.left("claude.requests") == 8)
    }

    @Test("A failed answer counts what was seen of it, a refused one nothing but the request")
    func failed() throws {
        let bench = try bench()
        bench.ask(DeskBench.wish(1, bytes: 3996, mostOutput: 800))
        bench.tell(1, CallNews(.ended, status: 400))
        #expect(try left(bench) == [18_400, 19_900, 28_400], "its input may have counted")
        bench.ask(DeskBench.wish(2, bytes: 3996, mostOutput: 800))
        bench.tell(2, CallNews(.ended, status: 429, retryAfter: 1000))
        #expect(try left(bench) == [18_400, 19_900, 28_400])
    }

    @Test("What is learned of a kind of work goes before what is learned of the model")
    func kinds() throws {
        let bench = try bench()
        bench.ask(DeskBench.wish(1, kind: "long", bytes: 396))
        bench.tell(1, CallNews(.ended, status: 200, input: 200, output: 5000))
        for number in 2...40 as ClosedRange<UInt64> {
            bench.ask(DeskBench.wish(number, kind: "short", bytes: 396))
            bench.tell(number, CallNews(.ended, status: 200, input: 100, output: 50))
            bench.pass(milliseconds: 10_000)
        }
        func estimate(_ kind: String, _ model: String = "claude-sonnet-4-5") -> Int64 {
            bench.desk.estimates(for: DeskBench.wish(99, model: model, kind: kind, bytes: 396)).output
        }
        #expect(estimate("long") == 5000 && estimate("short") <= 50)
        #expect((51...4999).contains(estimate("new")), "the model's own")
        #expect(estimate("new", "claude-opus-4-1") == 1000, "nothing is known")
        let view = try #require(bench.desk.estimates.first)
        #expect(view.key == "claude/claude-sonnet-4-5" && view.score.calls == 40)
        #expect(view.score.outputWithinPercent > 80)
        #expect(bench.desk.estimates(for: DeskBench.wish(99, kind: "long", mostOutput: 70)).output == 70)
    }

    @Test("A score says how far off the input was, and how often the output was enough")
    func score() {
        var score = EstimateScore()
        #expect(score.inputErrorPercent == 0 && score.outputWithinPercent == 0)
        score.add(estimatedInput: 150, input: 100, estimatedOutput: 10, output: 10)
        score.add(estimatedInput: 100, input: 100, estimatedOutput: 10, output: 11)
        #expect(score.inputErrorPercent == 25 && score.outputWithinPercent == 50 && score.calls == 2)
        score.add(estimatedInput: .max, input: 0, estimatedOutput: 1, output: 1)
        #expect(score.inputErrorPercent == 350)
    }

    @Test("Cut and failed answers teach nothing")
    func teachesNothing() throws {
        let bench = try bench()
        bench.run(1, CallNews(.ended, status: 200, isCut: true, input: 10, output: 9000))
        bench.run(1, CallNews(.ended, status: 500, input: 10, output: 9000))
        #expect(bench.desk.estimates.isEmpty)
        #expect(bench.desk.estimates(for: DeskBench.wish(99)).output == 1000)
    }

    @Test("Nonsense in an answer does no harm", arguments: [Int64.min, -1, 0, .max])
    func nonsense(number: Int64) throws {
        let bench = try bench()
        let word = LimitWord(
            limit: "requests", amount: number, remaining: number, roundedTo: number, fullIn: Milliseconds(number))
        let learned = LimitWord(
            limit: "count_tokens", amount: number, remaining: number, roundedTo: number, fullIn: Milliseconds(number))
        for status in [200, 429, 529] {
            for stage in [CallNews.Stage.goesOn, .ended] {
                bench.ask(DeskBench.wish(UInt64(status), bytes: number, mostOutput: number))
                let news = CallNews(
                    stage, status: status, input: number, output: number, sentAgo: Milliseconds(number),
                    retryAfter: Milliseconds(number), words: [word, learned])
                bench.tell(UInt64(status), news)
            }
        }
        #expect(try bench.left("claude.input_tokens") <= 19_900)
        #expect(bench.desk.openCalls == 0)
    }
}
