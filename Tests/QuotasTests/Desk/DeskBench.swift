import ClusterModel
import Testing

@testable import Quotas

/// A desk with a clock of its own, and what it told.
final class DeskBench {
    var desk: CallDesk
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let wall = WallTime(milliseconds: 1_700_000_000_000)
    private var last: UInt64 = 0

    init(_ limits: [(String, String)] = [], isDurable: Bool = false, term: UInt64 = 1) throws {
        let limits = try limits.map { try BucketLimit(name: $0.0, parsing: $0.1) }
        desk = try CallDesk(limits: limits, term: term, isDurable: isDurable, at: now)
    }

    func pass(milliseconds: Int64) {
        now = now + Milliseconds(milliseconds)
        desk.advance(to: now)
    }

    static func wish(
        _ number: UInt64, service: String = "claude", endpoint: String = "messages",
        model: String = "claude-sonnet-4-5",
        kind: String = "", bytes: Int64 = 0, mostOutput: Int64 = 0, priority: Priority = .normal, task: UInt64? = nil
    ) -> CallWish {
        CallWish(
            number: number, service: service, endpoint: endpoint, model: model, kind: kind, bodyBytes: bytes,
            mostOutput: mostOutput, priority: priority, task: task)
    }

    func ask(_ wish: CallWish, holder: UInt64 = 1) { desk.ask(wish, holder: holder, at: now) }

    @discardableResult
    func tell(_ number: UInt64, _ news: CallNews, holder: UInt64 = 1) -> Bool {
        desk.take(news, of: number, holder: holder, at: now)
    }

    /// Numbers of the calls that were granted since the last look; a refusal is an error.
    func granted() -> [UInt64] {
        desk.takeNotices().compactMap { notice in
            guard case .granted = notice.answer else {
                Issue.record("call \(notice.number) was refused: \(notice.answer)")
                return nil
            }
            return notice.number
        }
    }

    /// Asks for so many calls and ends those that go: how many were granted.
    @discardableResult
    func run(_ calls: Int, service: String = "claude", model: String = "claude-sonnet-4-5", _ news: CallNews) -> Int {
        var count = 0
        for _ in 0..<calls {
            last += 1
            let number = 1_000_000 + last
            let endpoint = service == "claude" ? "messages" : "read"
            ask(Self.wish(number, service: service, endpoint: endpoint, model: model))
            if granted().contains(number) {
                count += 1
                tell(number, news)
            } else {
                tell(number, CallNews(.withdrawn))
            }
        }
        return count
    }

    func standing(_ name: String) throws -> QuotaStanding {
        try #require(desk.everyStanding(at: now).first { $0.limit.name == name }, "no standing of \(name)")
    }

    func left(_ name: String) throws -> Int64 { try standing(name).view.remaining }

    /// Milliseconds for which a limit is parked yet; 0: it is not.
    func parked(_ name: String) throws -> Int64 {
        try standing(name).view.parkedUntil?.milliseconds(since: now).rawValue ?? 0
    }

    /// Takes the record that is due; it is on disk at once.
    func record() -> [QuotaRecord] {
        guard let snapshot = desk.recordIfDue(at: now, wall: wall) else { return [] }
        desk.recorded(snapshot.number, at: now)
        return snapshot.records
    }

    func snapshot() -> QuotaSnapshot? { desk.recordIfDue(at: now, wall: wall) }
    func restore(_ records: [QuotaRecord]) -> [String] { desk.restore(records, at: now, wall: wall) }
    func reset(_ name: String) throws -> CallDesk.Change? { try desk.reset(name, at: now) }
    func unpark(_ name: String) -> Bool { desk.unpark(name, at: now) }

    @discardableResult
    func set(_ name: String, _ text: String) throws -> CallDesk.Change {
        try desk.set(try BucketLimit(name: name, parsing: text), at: now)
    }
}
