import ClusterModel
import Testing

@testable import Quotas

@Suite("What was learned survives a restart")
struct LessonTests {
    private static let said = CallNews(
        .ended, status: 200, input: 700, output: 90,
        words: [LimitWord(limit: "requests", amount: 50, remaining: 40, fullIn: .seconds(12))])

    private func taught() throws -> (DeskBench, [QuotaLesson]) {
        let bench = try DeskBench(isDurable: true)
        _ = bench.record()
        bench.ask(DeskBench.wish(1, kind: "bulk", bytes: 4000))
        _ = bench.record()
        #expect(bench.granted() == [1])
        bench.tell(1, Self.said)
        return (bench, bench.desk.lessonsIfDue(at: bench.now, wall: bench.wall))
    }

    @Test("Limits and estimates are taken up with their age, and are not written again")
    func recalled() throws {
        let (bench, lessons) = try taught()
        #expect(lessons.map(\.kind) == [.limit, .estimate, .estimate])
        #expect(bench.desk.lessonsIfDue(at: bench.now, wall: bench.wall).isEmpty)
        let next = try DeskBench(isDurable: true, term: 2)
        let later = WallTime(milliseconds: next.wall.milliseconds + 60_000)
        next.desk.recall(lessons, at: next.now, wall: later)
        let limit = try next.standing("claude.requests.sonnet")
        #expect(limit.origin == .learned && limit.learned == .seconds(60))
        #expect(limit.limit == (try bench.standing("claude.requests.sonnet")).limit)
        let wish = DeskBench.wish(2, kind: "bulk", bytes: 4000)
        #expect(next.desk.expected(wish).input == bench.desk.expected(wish).input)
        #expect(next.desk.expected(wish).output == bench.desk.expected(wish).output)
        let estimate = try #require(next.desk.estimates(at: next.now).first)
        #expect(estimate.age == .seconds(60) && estimate.score == bench.desk.estimates.first?.score)
        #expect(next.desk.nextLessons == nil)
    }

    @Test("What somebody limits, what is too old and what can't be read is left out")
    func leftOut() throws {
        let (_, lessons) = try taught()
        let configured = try DeskBench([("claude.requests.sonnet", "9/min")], isDurable: true, term: 2)
        configured.desk.recall(lessons, at: configured.now, wall: configured.wall)
        #expect(try configured.standing("claude.requests.sonnet").limit.description == "9/min")
        let late = try DeskBench(isDurable: true, term: 2)
        let after = late.wall.milliseconds + CallDesk.lessonsKept.rawValue + 1
        late.desk.recall(lessons, at: late.now, wall: WallTime(milliseconds: after))
        #expect(late.desk.everyStanding(at: late.now).count == 1 && late.desk.estimates.isEmpty)
        for body in ["", "1 2", "a b c d e", "1 2 3 4 5 6", "-1 2 3 4 5", "99999999999999999 1 1 1 1"] {
            let lesson = QuotaLesson(kind: .estimate, name: "claude/x", body: body, at: late.wall)
            late.desk.recall([lesson], at: late.now, wall: late.wall)
        }
        late.desk.recall(
            [QuotaLesson(kind: .limit, name: "claude.requests", body: "0/min", at: late.wall)], at: late.now,
            wall: late.wall)
        #expect(late.desk.everyStanding(at: late.now).count == 1 && late.desk.estimates.isEmpty)
    }
}
