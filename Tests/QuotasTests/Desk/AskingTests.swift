import ClusterModel
import Testing

@testable import Quotas

@Suite("Asking at the desk")
struct AskingTests {
    @Test("Asking twice is asking once, and the answer is told again")
    func twice() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=4")])
        #expect(try bench.left("claude.requests") == 3, "one less than the service has: the guard")
        for _ in 0..<2 { bench.ask(DeskBench.wish(1)) }
        #expect(bench.granted() == [1, 1])
        #expect(try bench.left("claude.requests") == 2)
        #expect(bench.desk.openCalls == 1)
        for number in 2...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        bench.ask(DeskBench.wish(4))
        #expect(bench.granted() == [2, 3] && bench.desk.waitingCalls == 1)
        bench.ask(DeskBench.wish(4), holder: 2)
        #expect(bench.desk.waitingCalls == 2, "another holder's call of that number is another call")
    }

    @Test("Withdrawn, a call gives back everything, whether it waited or was open")
    func withdrawn() throws {
        let bench = try DeskBench([
            ("claude.requests", "60/min,burst=2"), ("claude.input_tokens", "60000/min,burst=9000"),
            ("claude.concurrency", "concurrency=5"),
        ])
        let before = try bench.left("claude.input_tokens")
        bench.ask(DeskBench.wish(1, bytes: 4000))
        bench.ask(DeskBench.wish(2, bytes: 4000))
        #expect(bench.granted() == [1] && bench.desk.waitingCalls == 1)
        #expect(bench.tell(2, CallNews(.withdrawn)) && bench.desk.waitingCalls == 0)
        #expect(bench.tell(1, CallNews(.withdrawn)))
        #expect(try bench.left("claude.requests") == 1 && bench.left("claude.input_tokens") == before)
        #expect(try bench.standing("claude.concurrency").openCalls == 0 && bench.desk.openCalls == 0)
        #expect(try bench.left("claude.concurrency") == 5)
    }

    @Test("News of a call that is not known change nothing")
    func unknown() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=6"), ("claude.concurrency", "concurrency=5")])
        bench.ask(DeskBench.wish(1))
        let before = bench.desk.standings(at: bench.now)
        for stage in [CallNews.Stage.goesOn, .withdrawn, .ended] {
            let news = CallNews(stage, status: 529, input: 900, output: 900, retryAfter: 60_000)
            #expect(!bench.tell(2, news) && !bench.tell(1, news, holder: 2))
        }
        #expect(bench.desk.standings(at: bench.now) == before)
    }

    @Test("A withdrawn call lets the next one go at once")
    func next() throws {
        let bench = try DeskBench([("claude.concurrency", "concurrency=1")])
        for number in 1...3 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1])
        bench.tell(1, CallNews(.withdrawn))
        #expect(bench.granted() == [2])
        bench.tell(2, CallNews(.ended, status: 200))
        #expect(bench.granted() == [3])
    }

    @Test("A critical call goes first, and its task is told why the other waits")
    func priorities() throws {
        let bench = try DeskBench([("claude.requests", "60/min,burst=2")])
        for number in 1...2 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number, task: number)) }
        bench.ask(DeskBench.wish(3, priority: .critical, task: 3))
        #expect(bench.granted() == [1])
        #expect(bench.desk.whyWaits(task: 2, at: bench.now)?.contains("1 request goes first") == true)
        #expect(bench.desk.whyWaits(task: 1, at: bench.now) == nil)
        #expect(try bench.standing("claude.requests").waitingTasks == [3, 2])
        bench.pass(milliseconds: 1000)
        #expect(bench.granted() == [3])
    }

    @Test("A model draws from its own class and from the limit of all models; one of no known class from the strictest")
    func classes() throws {
        let bench = try DeskBench([
            ("claude.requests", "600/min,burst=101"), ("claude.requests.sonnet", "300/min,burst=51"),
            ("claude.requests.haiku", "60/min,burst=11"),
        ])
        func left() throws -> [Int64] {
            try ["claude.requests", "claude.requests.sonnet", "claude.requests.haiku"].map { try bench.left($0) }
        }
        #expect(try left() == [100, 50, 10])
        bench.ask(DeskBench.wish(1))
        #expect(try left() == [99, 49, 10])
        bench.ask(DeskBench.wish(2, model: "claude-mystery-9"))
        #expect(try left() == [98, 49, 9])
        bench.ask(DeskBench.wish(3, endpoint: "count_tokens"))
        bench.ask(DeskBench.wish(4, endpoint: "other"))
        #expect(try left() == [98, 49, 9], "only messages are limited here")
        #expect(bench.granted() == [1, 2, 3, 4])
    }

    @Test("The guard takes what arrives in a tenth of a second, at least one and at most half")
    func guarded() throws {
        let bursts = try [
            ("60/min,burst=1", 1), ("60/min,burst=6", 5), ("15/s,burst=15", 13), ("600/min,burst=2", 1),
            ("6000/s,burst=100", 50), ("600000/min,burst=10000", 9000),
        ].map { text, most in
            (try BucketLimit(name: "claude.requests", parsing: text), Int64(most))
        }
        for (limit, most) in bursts { #expect(CallDesk.guarded(limit).burst == most, "\(limit)") }
        // A burst of one can't be less: each call waits a tenth of a second more.
        let single = CallDesk.guarded(try BucketLimit(name: "claude.requests", parsing: "60/min,burst=1"))
        #expect(single.kind == .rate(amount: 60, window: 66_000, burst: 1))
    }

    @Test("A cost above the burst waits until what went before it has arrived")
    func oversized() throws {
        let bench = try DeskBench([("claude.input_tokens", "60000/min,burst=2000")])
        bench.ask(DeskBench.wish(1, bytes: 4 * 600))
        bench.ask(DeskBench.wish(2, bytes: 4 * 4000))
        #expect(bench.granted() == [1])
        bench.pass(milliseconds: 902)
        #expect(bench.granted() == [], "the bucket is full, and the first call perhaps still under way")
        #expect(bench.desk.nextDeadline.map { $0 > bench.now } == true)
        bench.pass(milliseconds: 101)
        #expect(bench.granted() == [2])
    }
}
