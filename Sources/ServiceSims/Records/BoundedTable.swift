/// A dictionary that keeps the order in which keys came and forgets the oldest beyond its limit.
struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    let limit: Int
    private(set) var forgotten = 0
    private var values: [Key: Value] = [:]
    private var order: [Key] = []
    private var oldest = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { values.count }

    /// Keys and values, oldest first.
    var entries: [(key: Key, value: Value)] {
        order[oldest...].compactMap { key in values[key].map { (key, $0) } }
    }

    subscript(key: Key) -> Value? { values[key] }

    /// Changes a key's value, which begins as `initial`.
    mutating func update(_ key: Key, initial: @autoclosure () -> Value, _ change: (inout Value) -> Void) {
        if values[key] == nil {
            values[key] = initial()
            order.append(key)
            forgetOldest()
        }
        if var value = values[key] {
            change(&value)
            values[key] = value
        }
    }

    /// Changes a key's value if the key is still known.
    mutating func updateIfPresent(_ key: Key, _ change: (inout Value) -> Void) {
        guard var value = values[key] else { return }
        change(&value)
        values[key] = value
    }

    private mutating func forgetOldest() {
        guard values.count > limit else { return }
        values[order[oldest]] = nil
        oldest += 1
        forgotten += 1
        // The array's dead front is given back in one go, seldom enough to cost nothing.
        if oldest > limit {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
