import ClusterModel
import Testing

@testable import Quotas

@Suite("Limits of GitHub and Jira on what a call is and on what it changes")
struct ScopedLimitTests {
    private func write(_ number: UInt64, _ service: String, issue: String = "", content: Bool = false) -> CallWish {
        CallWish(number: number, service: service, endpoint: "write", scope: issue, createsContent: content)
    }

    @Test("A write is five of GitHub's points, a read one; only what creates content draws from that")
    func github() throws {
        let bench = try DeskBench([("github.points", "900/min,burst=21"), ("github.content", "80/min,burst=3")])
        let points = try bench.left("github.points")
        bench.ask(DeskBench.wish(1, service: "github", endpoint: "read", model: ""))
        #expect(try bench.left("github.points") == points - 1)
        bench.ask(write(2, "github"))
        #expect(try bench.left("github.points") == points - 6)
        #expect(try bench.left("github.content") == 2, "the guard takes one of three")
        bench.ask(write(3, "github", content: true))
        #expect(try bench.left("github.content") == 1 && bench.left("github.points") == points - 11)
        #expect(bench.granted() == [1, 2, 3])
        bench.ask(write(4, "github", content: true))
        bench.ask(write(5, "github", content: true))
        #expect(bench.granted() == [4], "the content's burst is used up")
        bench.ask(DeskBench.wish(6, service: "github", endpoint: "read", model: ""))
        #expect(bench.granted() == [6], "what waits for content keeps nobody else from points")
    }

    @Test("A refusal of content holds content alone where that has a limit")
    func contentRefused() throws {
        let bench = try DeskBench([("github.content", "80/min,burst=9")])
        bench.ask(write(1, "github", content: true))
        #expect(bench.granted() == [1])
        bench.tell(1, CallNews(.ended, status: 403, retryAfter: .seconds(60)))
        bench.ask(write(2, "github", content: true))
        bench.ask(DeskBench.wish(3, service: "github", endpoint: "read", model: ""))
        #expect(bench.granted() == [3])
        bench.pass(milliseconds: 61_000)
        #expect(bench.granted() == [2])
    }

    @Test("Each issue has its own limits on writes; reads and other issues go on")
    func issues() throws {
        let bench = try DeskBench([
            ("jira.issue_writes", "20/2s,burst=4"), ("jira.issue_writes_long", "100/30s,burst=9"),
        ])
        for number in 1...5 as ClosedRange<UInt64> { bench.ask(write(number, "jira", issue: "A-1")) }
        let first = bench.granted()
        #expect(first == [1, 2, 3], "the guard takes one of four: \(first)")
        for number in 11...13 as ClosedRange<UInt64> { bench.ask(write(number, "jira", issue: "A-2")) }
        #expect(bench.granted() == [11, 12, 13])
        bench.ask(DeskBench.wish(20, service: "jira", endpoint: "read", model: ""))
        bench.ask(write(21, "jira"))
        #expect(bench.granted() == [20, 21])
        let standing = try bench.standing("jira.issue_writes")
        #expect(standing.view.waiting == 2 && standing.view.remaining == 0)
        #expect(
            bench.desk.standings(at: bench.now).map(\.limit.name) == ["jira.issue_writes", "jira.issue_writes_long"])
        try bench.set("jira.issue_writes", "40/2s,burst=11")
        bench.pass(milliseconds: 1000)
        #expect(bench.granted() == [4, 5])
    }

    @Test("A refusal that names the issue's limit holds that issue alone, whether anybody limits it or not")
    func issueRefused() throws {
        for limits in [[], [("jira.issue_writes", "20/2s,burst=4")]] {
            let bench = try DeskBench(limits)
            bench.ask(write(1, "jira", issue: "A-1"))
            #expect(bench.granted() == [1])
            bench.tell(
                1,
                CallNews(
                    .ended, status: 429, retryAfter: .seconds(5),
                    words: [LimitWord(limit: "issue_writes", remaining: 0)]))
            bench.ask(write(2, "jira", issue: "A-1"))
            bench.ask(write(3, "jira", issue: "B-7"))
            #expect(bench.granted() == [3])
            #expect(bench.desk.standings(at: bench.now).first?.view.parkedUntil != nil)
            bench.pass(milliseconds: 5500)
            #expect(bench.granted() == [2])
        }
    }

    @Test("After a restart an issue's limit goes on from its record")
    func restart() throws {
        let limits = [("jira.issue_writes", "20/2s,burst=10")]
        let bench = try DeskBench(limits, isDurable: true)
        _ = bench.record()
        bench.ask(write(1, "jira", issue: "A-1"))
        _ = bench.record()
        #expect(bench.granted() == [1])
        bench.pass(milliseconds: 1500)
        let records = bench.record()
        #expect(records.contains { $0.name.hasPrefix("jira.issue_writes.s") })
        let next = try DeskBench(limits, isDurable: true, term: 2)
        #expect(next.restore(records) == ["jira.concurrency"], "nobody limits it, and nobody called yet")
        let shard = try #require(records.first { $0.name.hasPrefix("jira.issue_writes.s") })
        guard case .level(let level) = shard.state else { return }
        #expect(try next.left("jira.issue_writes") == level)
    }

    @Test("However many issues there are, their buckets are few")
    func bounded() throws {
        let bench = try DeskBench([("jira.issue_writes", "20/2s,burst=4")])
        for number in 1...5000 as ClosedRange<UInt64> {
            bench.ask(write(number, "jira", issue: "A-\(number)"))
            bench.tell(number, CallNews(.ended, status: 204))
        }
        #expect(bench.desk.shards.count == Int(CallDesk.shardsPerLimit))
    }
}
