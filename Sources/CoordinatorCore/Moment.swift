import ClusterModel

/// When an input came in, by both clocks: decisions look at the monotonic one, records at the calendar.
public struct Moment: Sendable {
    public var instant: Instant
    public var wall: WallTime

    public init(instant: Instant, wall: WallTime) {
        self.instant = instant
        self.wall = wall
    }
}
