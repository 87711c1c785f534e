import Testing

@Suite("Random clusters against a referee")
struct RandomClusterTests {
    @Test(
        "No window grants more than burst and rate allow, crashes included, and 98 % of a limit is used",
        .timeLimit(.minutes(2)), arguments: 0..<10 as Range<UInt64>)
    func random(block: UInt64) {
        let report = runRandomClusters(admissions: 20_000, firstSeed: block * 1000)
        #expect(report.wrong.isEmpty, "\(report.wrong)")
        // A run in which nothing happened would prove nothing.
        #expect(report.crashes > 5 && report.givenBack > 500, "\(report)")
    }
}
