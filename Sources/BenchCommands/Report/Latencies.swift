import Histogram

/// Times of one thing that was done many times, in buckets of a thousandth of their value.
struct Latencies {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1_000, highestTrackableValue: 600_000_000_000, numberOfSignificantValueDigits: .three)

    mutating func record(nanoseconds: UInt64) { histogram.record(nanoseconds) }

    var count: UInt64 { histogram.totalCount }

    func milliseconds(atPercentile percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1e6
    }
}
