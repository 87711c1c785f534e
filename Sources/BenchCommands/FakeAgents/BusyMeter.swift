/// How much of a window slots were at work: the sum over tasks of what each had of it.
struct BusyMeter {
    private(set) var busyNanoseconds: UInt64 = 0
    private(set) var finished: UInt64 = 0
    /// Nil before the window is known.
    var window: Range<UInt64>?

    /// A task that had a slot from `start` to `end`.
    mutating func worked(from start: UInt64, to end: UInt64) {
        guard let window else { return }
        let first = max(start, window.lowerBound)
        let last = min(end, window.upperBound)
        if last > first { busyNanoseconds += last - first }
        if window.contains(end) { finished += 1 }
    }
}
