import ClusterModel

/// When an input came in, by both clocks: decisions look at the monotonic one, records at the calendar.
public struct Moment: Sendable {
    /// By the monotonic clock.
    public var instant: Instant
    /// By the calendar.
    public var wall: WallTime

    /// Both readings of one moment.
    public init(instant: Instant, wall: WallTime) {
        self.instant = instant
        self.wall = wall
    }
}
