import ClusterModel

/// Whether commands are so short that the way to the coordinator and back counts: then some more are asked for than there are places. With
/// longer ones they would only wait here while another agent may be free.
struct ExecPace: Sendable {
    /// Below the first the average command counts as short, from the second on as long: two, so that it doesn't turn at each command.
    private static let short = 50.0
    private static let long = 100.0
    /// What the latest command counts for in the average.
    private static let weight = 0.125

    private var averageMilliseconds = Self.unknown
    private(set) var isShort = false

    private static let unknown = 500.0

    mutating func commandEnded(after time: Milliseconds) {
        averageMilliseconds += (Double(time.rawValue) - averageMilliseconds) * Self.weight
        if averageMilliseconds < Self.short { isShort = true }
        if averageMilliseconds >= Self.long { isShort = false }
    }

    /// One that waited for a place got none in time.
    mutating func waitedInVain() {
        averageMilliseconds = Self.unknown
        isShort = false
    }
}
