import ClusterModel

/// A cost that a permit waits for or has taken.
struct HeldCost: Sendable {
    let bucket: BucketIndex
    let amount: Int64
    /// Nil while it waits.
    var receipt: Bucket.Receipt?
}

/// One permit in the table. A link is the slot of a neighbour, or ``none``.
struct PermitEntry: Sendable {
    static let none: Int32 = -1

    enum State { case free, waiting, open }

    var serial: UInt64 = 0
    var state = State.free
    var holder: UInt64 = 0
    var priority = Priority.normal
    var costs: [HeldCost] = []
    var lane: Int32 = none
    var previousInLane: Int32 = none
    var nextInLane: Int32 = none
    var previousOfHolder: Int32 = none
    var nextOfHolder: Int32 = none
}

/// The permits that wait or are open, each found by its slot, and those of one holder chained together.
struct PermitTable: Sendable {
    private(set) var entries: [PermitEntry] = []
    private var freeSlots: [Int32] = []
    /// A holder's newest permit.
    private var newestOfHolder: [UInt64: Int32] = [:]
    private var nextSerial: UInt64
    private(set) var count = 0

    /// Serials of two terms never meet: each term has 2^40 of them, over three years of 10,000 a second.
    init(term: UInt64) { nextSerial = term << 40 | 1 }

    subscript(slot: Int32) -> PermitEntry {
        _read { yield entries[Int(slot)] }
        _modify { yield &entries[Int(slot)] }
    }

    /// The slot of a permit that has not ended.
    func slot(of id: PermitID) -> Int32? {
        guard id.slot < UInt32(entries.count), entries[Int(id.slot)].serial == id.serial,
            entries[Int(id.slot)].state != .free
        else { return nil }
        return Int32(id.slot)
    }

    func id(of slot: Int32) -> PermitID { PermitID(serial: entries[Int(slot)].serial, slot: UInt32(slot)) }

    mutating func insert(_ state: PermitEntry.State, holder: UInt64, priority: Priority, costs: [HeldCost]) -> Int32 {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = Int32(entries.count)
            entries.append(PermitEntry())
        }
        let older = newestOfHolder.updateValue(slot, forKey: holder) ?? PermitEntry.none
        entries[Int(slot)] = PermitEntry(
            serial: nextSerial, state: state, holder: holder, priority: priority, costs: costs, nextOfHolder: older)
        if older != PermitEntry.none { entries[Int(older)].previousOfHolder = slot }
        nextSerial += 1
        count += 1
        return slot
    }

    mutating func remove(_ slot: Int32) {
        let entry = entries[Int(slot)]
        if entry.nextOfHolder != PermitEntry.none {
            entries[Int(entry.nextOfHolder)].previousOfHolder = entry.previousOfHolder
        }
        if entry.previousOfHolder != PermitEntry.none {
            entries[Int(entry.previousOfHolder)].nextOfHolder = entry.nextOfHolder
        } else if entry.nextOfHolder != PermitEntry.none {
            newestOfHolder[entry.holder] = entry.nextOfHolder
        } else {
            newestOfHolder[entry.holder] = nil
        }
        entries[Int(slot)] = PermitEntry()
        freeSlots.append(slot)
        count -= 1
    }

    /// All permits of a holder, newest first.
    func slots(of holder: UInt64) -> [Int32] {
        var found: [Int32] = []
        var slot = newestOfHolder[holder] ?? PermitEntry.none
        while slot != PermitEntry.none {
            found.append(slot)
            slot = entries[Int(slot)].nextOfHolder
        }
        return found
    }
}
