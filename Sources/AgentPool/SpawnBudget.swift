import ClusterModel

/// When the next instance may be started: a token bucket over time, and a pause that grows while starts fail.
struct SpawnBudget: Sendable {
    private let nanosecondsPerStart: Int64
    private let burst: Int64
    private let backoff: Milliseconds
    private let backoffLimit: Milliseconds
    /// The moment since which the bucket has been filling: its level is the time from here to now.
    private var filledSince: Instant
    private var pause: Milliseconds = 0
    private(set) var pausedUntil = Instant(nanoseconds: .min)

    init(_ configuration: PoolConfiguration, now: Instant) {
        nanosecondsPerStart = 60_000_000_000 / Int64(configuration.instancesPerMinute)
        burst = Int64(min(configuration.slots, configuration.instancesPerMinute))
        backoff = configuration.startBackoff
        backoffLimit = configuration.startBackoffLimit
        filledSince = Instant(nanoseconds: now.nanoseconds - burst * nanosecondsPerStart)
    }

    /// The earliest moment at which a start is allowed; in the past when it is allowed now.
    var nextStart: Instant {
        max(pausedUntil, Instant(nanoseconds: filledSince.nanoseconds + nanosecondsPerStart))
    }

    /// Takes one start if it is allowed now.
    mutating func take(at now: Instant) -> Bool {
        guard nextStart <= now else { return false }
        let fullSince = now.nanoseconds - burst * nanosecondsPerStart
        filledSince = Instant(nanoseconds: max(filledSince.nanoseconds, fullSince) + nanosecondsPerStart)
        return true
    }

    mutating func startSucceeded() {
        pause = 0
    }

    mutating func startFailed(at now: Instant) {
        // Starts that failed side by side are one failure.
        guard now >= pausedUntil else { return }
        pause = pause == 0 ? backoff : min(pause + pause, backoffLimit)
        pausedUntil = now + pause
    }
}
