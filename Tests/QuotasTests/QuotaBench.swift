import ClusterModel
import Quotas
import Testing

/// A book on a bench, with a clock that is set by hand.
final class QuotaBench {
    var book: QuotaBook
    var now = Instant(nanoseconds: 5_000_000_000)
    private var wallOffset: Int64 = 1_000_000

    init(_ limits: [(String, String)], isDurable: Bool = false, mostPermits: Int = 100, mostWaiting: Int = 50) throws {
        book = QuotaBook(term: 1, isDurable: isDurable, mostPermits: mostPermits, mostWaiting: mostWaiting)
        for (name, text) in limits { try book.add(BucketLimit(name: name, parsing: text), at: now) }
    }

    var wall: WallTime { WallTime(milliseconds: now.nanoseconds / 1_000_000 + wallOffset) }

    func pass(milliseconds: Int64) { now = now + Milliseconds(milliseconds) }

    func ask(
        _ costs: [(String, Int64)], priority: Priority = .normal, holder: UInt64 = 1
    ) throws -> PermitAnswer {
        let costs = try costs.map { PermitCost(try #require(book.index(of: $0.0)), $0.1) }
        return try book.ask(PermitRequest(holder: holder, priority: priority, costs: costs), at: now)
    }

    /// The permit of a request that must be granted at once.
    func granted(
        _ costs: [(String, Int64)], priority: Priority = .normal, holder: UInt64 = 1,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> PermitID {
        let answer = try ask(costs, priority: priority, holder: holder)
        guard case .granted(let id) = answer else {
            Issue.record("\(costs) was not granted at once", sourceLocation: location)
            return PermitID(serial: 0, slot: 0)
        }
        return id
    }

    /// The permit of a request that must wait.
    func waits(
        _ costs: [(String, Int64)], priority: Priority = .normal, holder: UInt64 = 1,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> PermitID {
        let answer = try ask(costs, priority: priority, holder: holder)
        guard case .waits(let id) = answer else {
            Issue.record("\(costs) was granted at once", sourceLocation: location)
            return PermitID(serial: 0, slot: 0)
        }
        return id
    }

    func advance() -> [PermitID] { book.advance(to: now) }

    func view(_ name: String) throws -> BucketView { try #require(book.views(at: now).first { $0.name == name }) }

    /// Takes a snapshot and has it written at once.
    func record() -> [QuotaRecord] {
        let snapshot = book.snapshotAhead(at: now, wall: wall)
        book.recorded(snapshot.number)
        return snapshot.records
    }

    // The expectation macros take no mutating calls on a value: these forward to the book.

    func settle(_ id: PermitID, actual: [PermitCost]) -> Bool { book.settle(id, actual: actual, at: now) }
    func handBack(_ id: PermitID) -> Bool { book.handBack(id, at: now) }
    func spent(_ id: PermitID) -> Bool { book.spent(id, at: now) }
    func cancelWaiting(_ id: PermitID) -> Bool { book.cancelWaiting(id) }
    func holderDied(_ holder: UInt64) -> Int { book.holderDied(holder, at: now) }
    func recorded(_ number: UInt64) -> Bool { book.recorded(number) }
    func restore(_ records: [QuotaRecord]) -> [String] { book.restore(records, at: now, wall: wall) }
    func ask(_ request: PermitRequest) throws(QuotaRefusal) -> PermitAnswer { try book.ask(request, at: now) }
    func add(_ name: String, _ text: String) throws {
        try book.add(BucketLimit(name: name, parsing: text), at: now)
    }
}
