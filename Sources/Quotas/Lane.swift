import ClusterModel

/// The waiting requests that draw from the same buckets. They share everything, so they go strictly in order and only
/// the first of them matters: a look at the heads of all lanes decides who is granted, however many wait.
struct Lane: Sendable {
    /// Ascending.
    var buckets: [BucketIndex]
    /// By priority: slots of the first and the last to have come.
    private var first = [Int32](repeating: PermitEntry.none, count: 10)
    private var last = [Int32](repeating: PermitEntry.none, count: 10)
    private(set) var count = 0

    init(buckets: [BucketIndex]) { self.buckets = buckets }

    /// Whether these costs are of its buckets.
    func draws(from costs: [HeldCost]) -> Bool {
        guard costs.count == buckets.count else { return false }
        for place in costs.indices where costs[place].bucket != buckets[place] { return false }
        return true
    }

    /// The request that goes first: of the highest priority the oldest.
    var head: Int32? {
        guard count > 0 else { return nil }
        var priority = 9
        while first[priority] == PermitEntry.none { priority -= 1 }
        return first[priority]
    }

    mutating func append(_ slot: Int32, to permits: inout PermitTable) {
        let priority = Int(permits[slot].priority.rawValue)
        permits[slot].previousInLane = last[priority]
        permits[slot].nextInLane = PermitEntry.none
        if last[priority] == PermitEntry.none {
            first[priority] = slot
        } else {
            permits[last[priority]].nextInLane = slot
        }
        last[priority] = slot
        count += 1
    }

    mutating func remove(_ slot: Int32, from permits: inout PermitTable) {
        let priority = Int(permits[slot].priority.rawValue)
        let (previous, next) = (permits[slot].previousInLane, permits[slot].nextInLane)
        if previous == PermitEntry.none { first[priority] = next } else { permits[previous].nextInLane = next }
        if next == PermitEntry.none { last[priority] = previous } else { permits[next].previousInLane = previous }
        permits[slot].lane = PermitEntry.none
        count -= 1
    }
}
