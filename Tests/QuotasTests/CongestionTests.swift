import ClusterModel
import Quotas
import Testing

@Suite("Congestion")
struct CongestionTests {
    @Test("A cut halves once for all that fails together; successes add one a round; at least one is allowed")
    func cutAndGrow() {
        var congestion = Congestion(most: 16, seed: 1)
        var now = Instant.origin
        let cuts = [congestion.overloaded(at: now), congestion.overloaded(at: now)]
        #expect(cuts == [true, false])
        #expect(congestion.allowed == 8)
        congestion.succeeded(at: now)
        #expect(congestion.allowed == 8, "the calm period is not over")
        now = now + .seconds(3)
        for _ in 0..<9 { congestion.succeeded(at: now) }
        #expect(congestion.allowed == 9)
        for _ in 0..<10_000 { congestion.succeeded(at: now) }
        #expect(congestion.allowed == 16)
        for _ in 0..<10 {
            now = now + .seconds(3)
            congestion.overloaded(at: now)
        }
        #expect(congestion.allowed == 1 && congestion.cuts == 11)
    }

    @Test("The calm period differs by seed, and is the same for the same one")
    func jitter() {
        func calm(_ seed: UInt64) -> Int64 {
            var congestion = Congestion(most: 8, seed: seed)
            congestion.overloaded(at: .origin)
            for milliseconds in Int64(0)...3000 where congestion.overloaded(at: .origin + Milliseconds(milliseconds)) {
                return milliseconds
            }
            return .max
        }
        let lengths = (0..<20).map { calm($0) }
        #expect(lengths == (0..<20).map { calm($0) })
        #expect(Set(lengths).count > 15)
        #expect(lengths.allSatisfy { (1000...2000).contains($0) })
    }

    @Test("A new limit bounds what is allowed; odd numbers are brought into range")
    func limits() {
        var congestion = Congestion(most: 10, seed: 1)
        congestion.change(most: 4)
        #expect(congestion.allowed == 4)
        congestion.change(most: 12)
        #expect(congestion.allowed == 12)
        congestion.overloaded(at: .origin)
        congestion.change(most: 100)
        #expect(congestion.allowed == 6)
        #expect(Congestion(most: -1, calm: -5, seed: 0).allowed == 1)
        #expect(Congestion(most: .max, calm: Milliseconds(.max), seed: 0).allowed == QuotaLimits.amount)
    }
}
