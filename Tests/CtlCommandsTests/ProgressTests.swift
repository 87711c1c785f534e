import ClusterModel
import CoordinatorClient
import Testing

@testable import CtlCommands

@Suite struct ProgressTests {
    private static func job(succeeded: UInt32, failed: UInt32 = 0, running: UInt32 = 8) -> JobSummary {
        JobSummary(
            job: JobID(rawValue: 7), tasks: 1000, queued: 1000 - succeeded - failed - running, running: running,
            succeeded: succeeded, failed: failed, usage: Usage(inputTokens: 1_000_000, outputTokens: 204_000),
            costMicroUSD: 3_210_000)
    }

    private static func at(seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func theLineHasRateAndETAOnceTheyCanBeMeasured() {
        var progress = JobProgress()
        progress.observe([Self.job(succeeded: 0)], at: Self.at(seconds: 0))
        #expect(progress.line == "job 7: 0/1000 done, 8 running, 0 failed, 1.20M tokens, $3.21")
        progress.observe([Self.job(succeeded: 38, failed: 2)], at: Self.at(seconds: 10))
        #expect(progress.line == "job 7: 40/1000 done, 8 running, 2 failed, 4.0/s, ETA 4m00s, 1.20M tokens, $3.21")
    }

    @Test func theRateForgetsWhatIsLongPast() throws {
        var progress = JobProgress()
        for second in stride(from: Int64(0), through: 100, by: 10) {
            // 10 a second at first, then 1 a second.
            let ended = second <= 50 ? UInt32(second) * 10 : 500 + UInt32(second - 50)
            progress.observe([Self.job(succeeded: ended)], at: Self.at(seconds: second))
        }
        #expect(try #require(progress.rate) == 1)
    }

    @Test(arguments: [
        (Int64(300), "0.3s"), (59_900, "59.9s"), (275_000, "4m35s"), (7_500_000, "2h05m"), (273_600_000, "3d04h"),
    ])
    func lengths(_ milliseconds: Int64, _ text: String) {
        #expect(TimeText.length(milliseconds: milliseconds) == text)
    }
}
