import ClusterModel
import CoordinatorCore
import Glibc

/// Reads the machine's clocks; the only place in the coordinator that does.
struct Clock {
    func now() -> Moment {
        Moment(instant: instant(), wall: wall())
    }

    func instant() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private func wall() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
