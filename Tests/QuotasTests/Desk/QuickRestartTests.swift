import ClusterModel
import Testing

@testable import Quotas

@Suite("Restarts one after the other")
struct QuickRestartTests {
    private static let wall = WallTime(milliseconds: 1_000_000)

    /// A desk that has granted a call and recorded it, killed and started again `times`, each after a moment.
    private func restarted(_ times: UInt64, limits: [BucketLimit], at now: inout Instant) throws -> CallDesk {
        var records: [QuotaRecord] = []
        var desk = try CallDesk(limits: limits, term: 1, isDurable: true, at: now)
        for term in 2...times + 1 {
            record(&desk, into: &records, at: now)
            desk.ask(DeskBench.wish(term), holder: 1, at: now)
            record(&desk, into: &records, at: now + 1500)
            now = now + 2000
            desk = try CallDesk(limits: limits, term: term, isDurable: true, at: now)
            desk.restore(records, at: now, wall: Self.wall)
        }
        record(&desk, into: &records, at: now)
        _ = desk.takeNotices()
        return desk
    }

    private func record(_ desk: inout CallDesk, into records: inout [QuotaRecord], at now: Instant) {
        guard let snapshot = desk.recordIfDue(at: now, wall: Self.wall) else { return }
        records = snapshot.records
        desk.recorded(snapshot.number, at: now)
    }

    @Test("What nobody limits goes on at once")
    func open() throws {
        var now = Instant(nanoseconds: 5_000_000_000)
        var desk = try restarted(20, limits: [], at: &now)
        desk.ask(DeskBench.wish(99), holder: 1, at: now)
        #expect(desk.takeNotices().map(\.answer) == [.granted])
    }

    @Test("A concurrency that is limited waits for the calls of before, and goes on when they are given up")
    func limited() throws {
        var now = Instant(nanoseconds: 5_000_000_000)
        let limit = try BucketLimit(name: "claude.concurrency", parsing: "concurrency=8")
        var desk = try restarted(20, limits: [limit], at: &now)
        for number in 101...108 { desk.ask(DeskBench.wish(UInt64(number)), holder: 1, at: now) }
        #expect(desk.takeNotices().isEmpty)
        desk.beforeEnded(at: now)
        var records: [QuotaRecord] = []
        for _ in 1...10 {
            now = now + 1500
            record(&desk, into: &records, at: now)
            desk.advance(to: now)
        }
        #expect(desk.takeNotices().count == 8)
        desk.ask(DeskBench.wish(109), holder: 1, at: now)
        #expect(desk.takeNotices().isEmpty, "the limit is kept")
    }
}
