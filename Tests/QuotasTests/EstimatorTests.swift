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
