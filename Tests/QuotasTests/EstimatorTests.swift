import Quotas
import Testing

@Suite("Estimates")
struct EstimatorTests {
    @Test("The ratio is learned for each key")
    func ratio() {
        var estimator = Estimator()
        #expect(estimator.input("m", counted: 100) == 100)
        for _ in 0..<100 { estimator.learn("m", counted: 100, input: 150, output: 10) }
        #expect((149...151).contains(estimator.input("m", counted: 100)))
        #expect(estimator.input("other", counted: 100) == 100)
        #expect(estimator.calls("m") == 100)
    }

    @Test("The wanted part of the calls puts out at most the estimate")
    func quantile() {
        var estimator = Estimator(quantilePerMille: 900)
        var random = SplitMix64(seed: 5)
        var below = 0
        for call in 0..<20_000 {
            let output = Int64(100 + random.below(900))
            if call >= 10_000, output <= estimator.output("m") { below += 1 }
            estimator.learn("m", counted: 1, input: 1, output: output)
        }
        #expect((8500...9500).contains(below), "\(below)")
    }

    @Test("Hardly any call reads more than was taken for it, and with a ratio that is always the same nothing is added")
    func spread() {
        var estimator = Estimator(firstInputPercent: 150)
        #expect(estimator.input("m", counted: 100) == 150, "nothing is known")
        var random = SplitMix64(seed: 6)
        var above = 0
        for call in 0..<20_000 {
            let counted = Int64(1000 + random.below(9000))
            let off = (0..<4).reduce(0) { sum, _ in sum + random.below(101) - 50 }
            let input = counted * Int64(1200 + off) / 1000
            if call > 0, input > estimator.input("m", counted: counted) { above += 1 }
            estimator.learn("m", counted: counted, input: input, output: 1)
        }
        #expect(above <= 4, "\(above)")
        #expect(estimator.input("m", counted: 1000) < 1700)
        for _ in 0..<3000 { estimator.learn("same", counted: 100, input: 130, output: 1) }
        #expect((130...131).contains(estimator.input("same", counted: 100)))
    }

    @Test("The more calls are in flight, the nearer to their mean is what is taken for each")
    func inFlight() {
        var estimator = Estimator()
        #expect(estimator.output("m", inFlight: 9) == 1000)
        for call in 0..<5000 { estimator.learn("m", counted: 1, input: 1, output: call % 5 == 0 ? 2000 : 100) }
        let estimates = [0, 1, 4, 100, .max].map { estimator.output("m", inFlight: $0) }
        #expect(estimates[0] == estimator.output("m") && estimates[1] == estimates[0])
        #expect(estimates.sorted(by: >) == estimates && estimates[2] < estimates[1] && estimates[3] < estimates[2])
        #expect((400...560).contains(estimates[4]), "\(estimates)")
    }

    @Test("Odd numbers and too many keys do no harm")
    func bounds() {
        var estimator = Estimator(quantilePerMille: 0, firstOutput: -1)
        #expect(estimator.output("m") == 1)
        estimator.learn("m", counted: 0, input: .max, output: .max)
        estimator.learn("m", counted: .max, input: -1, output: -1)
        #expect(estimator.input("m", counted: .max) > 0 && estimator.output("m") > 0)
        for key in 1..<QuotaLimits.estimatorKeys { estimator.learn("\(key)", counted: 1, input: 1, output: 1) }
        let learned = ["one more", "1"].map { estimator.learn($0, counted: 1, input: 9, output: 9) }
        #expect(learned == [false, true])
    }
}
