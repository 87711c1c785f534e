import HeapModule

/// What happens next: by time, then in the order in which it was planned.
struct EventQueue<Event> {
    private struct Entry: Comparable {
        var at: Micros
        var sequence: UInt64
        var slot: Int32
        static func < (a: Self, b: Self) -> Bool { (a.at, a.sequence) < (b.at, b.sequence) }
    }

    private var heap = Heap<Entry>()
    /// Events lie still while the heap moves its small entries.
    private var slots: [Event?] = []
    private var free: [Int32] = []
    private var sequence: UInt64 = 0

    mutating func plan(_ event: Event, at: Micros) {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)] = event
        } else {
            slot = Int32(slots.count)
            slots.append(event)
        }
        heap.insert(Entry(at: at, sequence: sequence, slot: slot))
        sequence += 1
    }

    mutating func next() -> (at: Micros, event: Event)? {
        guard let entry = heap.popMin(), let event = slots[Int(entry.slot)] else { return nil }
        slots[Int(entry.slot)] = nil
        free.append(entry.slot)
        return (entry.at, event)
    }
}
