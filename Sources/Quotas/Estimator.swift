import ClusterModel

/// Learns what calls really cost, by key (a model, an endpoint): the ratio of true to first estimated input, and a
/// quantile of the output.
///
/// All of it is in 65,536ths. The ratio is an average in which each new call counts an eighth; four times what calls lie off it on the
/// average comes on top, since a call that was estimated too low is refused, and one that was estimated too high gives back what it
/// did not take as soon as its answer begins. The quantile moves up by
/// a part of itself when a call lies above it and down by the complement when below, so that in the long run the wanted
/// part lies below.
public struct Estimator: Sendable {
    struct Learned: Hashable, Sendable {
        var ratio: Int64
        /// How far calls lie off the ratio: rises fast, falls slowly.
        var deviation: Int64
        var quantile: Int64
        /// Of the output; the last 64 calls count most.
        var mean: Int64
        var calls: UInt64
        /// When the last call was learned from.
        var at: Instant
    }

    private static let one: Int64 = 65_536
    /// Costs are learned up to this; a larger one counts as this.
    private static let mostLearned: Int64 = 1_000_000_000
    /// The part of the calls, in thousandths, whose output shall be at most the estimate.
    public let quantilePerMille: Int64
    /// The output of a key of which nothing is known.
    public let firstOutput: Int64
    /// The ratio of a key of which nothing is known.
    private let firstRatio: Int64
    private(set) var learned: [String: Learned] = [:]
    /// Keys that were learned of since they were last written down.
    var changed: Set<String> = []

    /// Knows nothing. `quantilePerMille` is 1 to 999; `firstInputPercent` (1 to 6400) is of what counting gave.
    public init(quantilePerMille: Int64 = 900, firstOutput: Int64 = 1000, firstInputPercent: Int64 = 100) {
        firstRatio = min(max(1, firstInputPercent), 6400) * Self.one / 100
        self.quantilePerMille = min(max(1, quantilePerMille), 999)
        self.firstOutput = min(max(1, firstOutput), Self.mostLearned)
    }

    /// What a call will probably take as input, when counting its body gave `counted`. At least one; rounded up.
    public func input(_ key: String, counted: Int64) -> Int64 {
        let counted = min(max(1, counted), Self.mostLearned)
        let known = learned[key]
        let ratio = known.map { min($0.ratio + 4 * $0.deviation, 64 * Self.one) } ?? firstRatio
        return max(1, (counted * ratio + Self.one - 1) / Self.one)
    }

    /// What a call will probably put out: at least one.
    public func output(_ key: String) -> Int64 {
        max(1, (learned[key]?.quantile ?? firstOutput * Self.one) / Self.one)
    }

    /// What a call will probably put out while so many are in flight. What a few calls write can be anything; many together write their
    /// mean each, and a quantile for each would leave the limit unused, since what calls give back when they end comes too late for a
    /// bucket that was full meanwhile. So what is taken above the mean grows with the root of their number.
    public func output(_ key: String, inFlight: Int64) -> Int64 {
        guard let known = learned[key], known.quantile > known.mean else { return output(key) }
        let above = Double(known.quantile - known.mean) / Double(max(1, inFlight)).squareRoot()
        return max(1, (known.mean + Int64(above)) / Self.one)
    }

    /// Calls that were learned from.
    public func calls(_ key: String) -> UInt64 { learned[key]?.calls ?? 0 }

    /// A call's true costs. False: there are too many keys (``QuotaLimits/estimatorKeys``), and a new one learns
    /// nothing.
    @discardableResult
    public mutating func learn(
        _ key: String, counted: Int64, input: Int64, output: Int64, at now: Instant = .origin
    ) -> Bool {
        guard learned[key] != nil || learned.count < QuotaLimits.estimatorKeys else { return false }
        var known =
            learned[key]
            ?? Learned(ratio: firstRatio, deviation: 0, quantile: firstOutput * Self.one, mean: 0, calls: 0, at: now)
        let counted = min(max(1, counted), Self.mostLearned)
        // A ratio of more than 64 is no estimate any more: one such call must not spoil the next hundred.
        let ratio = min(min(max(0, input), Self.mostLearned) * Self.one / counted, 64 * Self.one)
        // The first call says more than the guess before it.
        let off = known.calls == 0 ? 0 : abs(ratio - known.ratio)
        known.deviation += off > known.deviation ? (off - known.deviation) / 4 : (off - known.deviation) / 64
        known.ratio = known.calls == 0 ? ratio : known.ratio + (ratio - known.ratio) / 8
        let output = min(max(0, output), Self.mostLearned) * Self.one
        known.quantile = known.calls == 0 ? max(output, Self.one) : Self.moved(known.quantile, output, quantilePerMille)
        known.calls += 1
        known.mean += (output - known.mean) / Int64(min(known.calls, 64))
        known.at = max(known.at, now)
        learned[key] = known
        changed.insert(key)
        return true
    }

    /// What was known of a key before a restart; nothing where something is known already, or too much.
    mutating func recall(_ key: String, _ known: Learned) {
        guard learned[key] == nil, learned.count < QuotaLimits.estimatorKeys else { return }
        learned[key] = known
    }

    private static func moved(_ quantile: Int64, _ output: Int64, _ perMille: Int64) -> Int64 {
        let step = max(one, quantile / 8)
        if output > quantile { return quantile + step / 1000 * perMille }
        return max(one, quantile - step / 1000 * (1000 - perMille))
    }
}
