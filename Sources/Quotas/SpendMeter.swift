import ClusterModel

/// What was spent in the last minute, in twelve slots of five seconds: for people, never for decisions.
struct SpendMeter: Sendable {
    private static let slotNanoseconds: Int64 = 5_000_000_000
    private static let slots = 12
    private var spent = [Int64](repeating: 0, count: SpendMeter.slots)
    /// Number of the newest slot, counted from the clock's origin.
    private var newest: Int64 = .min

    mutating func add(_ amount: Int64, at now: Instant) {
        move(to: now)
        spent[place(of: newest)] &+= amount
    }

    /// Amount in the minute that ends now.
    func lastMinute(at now: Instant) -> Int64 {
        var copy = self
        copy.move(to: now)
        return max(0, copy.spent.reduce(0, &+))
    }

    private mutating func move(to now: Instant) {
        let slot = now.nanoseconds / Self.slotNanoseconds
        guard slot > newest else { return }
        let (gap, overflow) = slot.subtractingReportingOverflow(newest)
        let stale = overflow ? Int64(Self.slots) : min(gap, Int64(Self.slots))
        for offset in 0..<stale { spent[place(of: slot - offset)] = 0 }
        newest = slot
    }

    private func place(of slot: Int64) -> Int {
        let remainder = Int(slot % Int64(Self.slots))
        return remainder < 0 ? remainder + Self.slots : remainder
    }
}
