import ClusterModel

/// How many calls a service bears at once: grows by one for each full round of successes, and is cut by a half when the
/// service is overloaded (529, 5xx, a stream that broke). What it allows goes to ``QuotaBook/narrow(_:to:)``.
///
/// Many calls in flight fail together, so after a cut further failures are the same event until a calm period has
/// passed. Its length is drawn between one and two times `calm`, so that several coordinators' services do not swing
/// together.
public struct Congestion: Sendable {
    /// The most it ever allows: the configured concurrency.
    public private(set) var most: Int64
    /// After a cut: how long failures cut no more, and successes add nothing.
    public let calm: Milliseconds
    /// Cuts so far.
    public private(set) var cuts: UInt64 = 0
    private var thousandths: Int64
    private var calmUntil: Instant?
    private var random: UInt64

    /// Allows `most` (1 to ``QuotaLimits/amount``) until something fails.
    public init(most: Int64, calm: Milliseconds = .seconds(1), seed: UInt64) {
        self.most = min(max(1, most), QuotaLimits.amount)
        self.calm = Milliseconds(min(max(0, calm.rawValue), 3_600_000))
        thousandths = self.most * 1000
        random = seed
    }

    /// Calls that may be in flight: at least one.
    public var allowed: Int64 { max(1, thousandths / 1000) }

    /// A call succeeded.
    public mutating func succeeded(at now: Instant) {
        guard !isCalm(now) else { return }
        thousandths = min(most * 1000, thousandths + max(1, 1_000_000 / max(1000, thousandths)))
    }

    /// A call failed because the service is overloaded. True: what is allowed was cut: to half of what was in flight, where that was less.
    @discardableResult
    public mutating func overloaded(at now: Instant, inFlight: Int64 = .max) -> Bool {
        guard !isCalm(now) else { return false }
        let used = min(thousandths / 1000, max(1, inFlight)) * 1000
        thousandths = max(1000, min(thousandths, used) / 2)
        cuts += 1
        let span = UInt64(calm.rawValue) + 1
        calmUntil = now + Milliseconds(calm.rawValue + Int64(draw() % span))
        return true
    }

    /// The service has been well for long: as much as ever may be in flight.
    public mutating func open() { thousandths = most * 1000 }

    /// The configured concurrency changed.
    public mutating func change(most new: Int64) {
        let wasOpen = thousandths == most * 1000
        most = min(max(1, new), QuotaLimits.amount)
        thousandths = wasOpen ? most * 1000 : min(thousandths, most * 1000)
    }

    private func isCalm(_ now: Instant) -> Bool { calmUntil.map { now < $0 } ?? false }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func draw() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var z = random
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
