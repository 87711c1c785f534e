import Testing

@testable import ClusterSimulation

/// Small worlds of quotas; `make quota-referee` runs ten million calls.
@Suite struct QuotaWorldTests {
    @Test(arguments: [1, 2, 3, 5, 9] as [UInt64])
    func exactCostsAreNeverOver(seed: UInt64) {
        let report = simulateQuotas(seed: seed, costs: .exact, admissions: 1000)
        #expect(report.faults == [])
        #expect(report.refusals == 0 && report.admissions >= 1000)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func logNormalCostsAreHardlyEverRefused(seed: UInt64) {
        let report = simulateQuotas(seed: seed, costs: .logNormal, admissions: 600)
        #expect(report.faults == [])
        #expect(report.refusals <= 1 && report.admissions >= 600)
    }

    @Test func theSameSeedIsTheSameWorld() {
        let runs = (0..<2).map { _ in simulateQuotas(seed: 4, costs: .logNormal, admissions: 300).json }
        #expect(runs[0] == runs[1])
    }

    @Test func theServiceRefusesWhatItsBucketDoesNotHold() {
        let limit = WorldLimit(kind: .requests, modelClass: nil, amount: 10, windowMilliseconds: 1000, burst: 2)
        var service = LimitedService([limit], chargesLate: false)
        let call = WorldCall(
            number: 1, modelClass: "opus", input: 1, output: 1, bodyBytes: 1, mostOutput: 1, priority: 5, lasts: 1)
        let answers = [0, 0, 0, 99_999, 100_000, 100_001].map { service.arrives(call, at: $0) }
        #expect(answers == [nil, nil, 0, 0, nil, 0])
    }

    @Test func aCostAboveTheBurstPassesAtAFullBucketAlone() {
        var bucket = ServiceBucket(amount: 1000, windowMicros: 1_000_000, burst: 100)
        #expect(bucket.admits(250))
        bucket.charge(250)
        bucket.flow(to: 249_999)
        #expect(!bucket.admits(250) && bucket.admits(99))
        bucket.flow(to: 250_000)
        #expect(bucket.admits(250))
    }
}
