import ClusterModel
import CoordinatorCore

/// The coordinator's two clocks: the monotonic one follows the simulation, the calendar may jump.
struct Clock {
    static let wallOrigin: Int64 = 1_700_000_000_000
    var now: Micros = 0
    /// What jumps have added to the calendar, in milliseconds.
    var offset: Int64 = 0

    var instant: Instant { Self.instant(now) }
    var moment: Moment { Moment(instant: instant, wall: WallTime(milliseconds: Self.wallOrigin + now / 1000 + offset)) }

    static func instant(_ at: Micros) -> Instant { Instant(nanoseconds: 1_000_000_000 + at * 1000) }
    static func micros(_ instant: Instant) -> Micros { (instant.nanoseconds - 1_000_000_000) / 1000 }
}
