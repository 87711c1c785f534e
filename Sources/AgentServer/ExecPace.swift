import ClusterModel

/// How short commands are. Where the way to the coordinator and back counts beside them, some more are asked for than there are places:
/// the shorter, the more, so that what waits here is done within some 20 ms, and many results share one commit. With longer ones they would
/// only wait here while another agent may be free.
struct ExecPace: Sendable {
    /// An average below `milliseconds` lets `ahead` attempts wait for each place.
    private static let steps: [(milliseconds: Double, ahead: Int)] = [(50, 1), (8, 4), (2, 16)]
    /// The most that ``ahead`` can be.
    static let aheadAtMost = 16
    /// A step is left at so many times the average at which it was entered, so that it doesn't turn at each command.
    private static let slack = 2.0
    /// What the latest command counts for in the average.
    private static let weight = 0.125
    private static let unknown = 500.0

    private var averageMilliseconds = Self.unknown
    private var step = 0
    /// How many attempts may wait for each place.
    var ahead: Int { step == 0 ? 0 : Self.steps[step - 1].ahead }

    mutating func commandEnded(after nanoseconds: Int64) {
        averageMilliseconds += (Double(nanoseconds) / 1_000_000 - averageMilliseconds) * Self.weight
        while step < Self.steps.count, averageMilliseconds < Self.steps[step].milliseconds { step += 1 }
        while step > 0, averageMilliseconds >= Self.steps[step - 1].milliseconds * Self.slack { step -= 1 }
    }

    /// One that waited for a place got none in time.
    mutating func waitedInVain() { self = ExecPace() }
}
