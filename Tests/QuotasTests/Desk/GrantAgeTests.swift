import ClusterModel
import Testing

@testable import Quotas

@Suite("How old a grant may be when it is told")
struct GrantAgeTests {
    private func bench() throws -> DeskBench { try DeskBench([("claude.requests", "10/s,burst=5")]) }

    @Test(
        "Grants that a stall kept back are decided again by what is there then, and no window sees more than its limit")
    func stalled() throws {
        let bench = try bench()
        // The desk keeps 4 of the burst of 5; another second brings what the burst holds, and no more.
        for number in 1...20 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        bench.pass(milliseconds: 1000)
        bench.desk.renewStaleGrants(at: bench.now)
        let first = bench.granted()
        #expect(first.count == 4, "\(first)")
        bench.desk.renewStaleGrants(at: bench.now)
        #expect(bench.granted().isEmpty)
        bench.pass(milliseconds: 100)
        #expect(bench.granted().count == 1)
    }

    @Test("A grant that is told soon stays as it is")
    func soon() throws {
        let bench = try bench()
        bench.ask(DeskBench.wish(1))
        bench.now = bench.now + 50
        let left = try bench.left("claude.requests")
        bench.desk.renewStaleGrants(at: bench.now)
        #expect(try bench.left("claude.requests") == left)
        #expect(bench.granted() == [1])
    }

    @Test("A call whose grant was lost with a connection asks again: what it took then is no leave for now")
    func lost() throws {
        let bench = try bench()
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1, 2, 3, 4])
        bench.pass(milliseconds: 3000)
        // Others took what arrived meanwhile.
        for number in 11...14 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [11, 12, 13, 14])
        bench.desk.sessionBegan(of: 1)
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted().count <= 1, "they wait for what arrives")
        bench.ask(DeskBench.wish(14))
        #expect(bench.granted() == [14], "asked again at once it is told again")
    }

    @Test(
        "An asking that was under way when the grant was told does not take it back: its holder may have made the call")
    func late() throws {
        let bench = try bench()
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1, 2, 3, 4])
        bench.ask(DeskBench.wish(5))
        #expect(bench.granted() == [])
        let left = try bench.left("claude.requests")
        bench.now = bench.now + 60
        for number in 1...4 as ClosedRange<UInt64> { bench.ask(DeskBench.wish(number)) }
        #expect(bench.granted() == [1, 2, 3, 4], "they are told again, and the fifth goes on waiting")
        #expect(try bench.left("claude.requests") <= left + 1)
    }
}
