import Collections

/// The places of a job's tasks that may be started, first come first. Four bytes a task.
///
/// A task that stopped being queued is left in and passed over when it comes up, so that a cancel of a million tasks need not search;
/// who asks says which entries still count.
struct TaskQueue {
    /// As they were submitted: their places only grow.
    private var fresh: Deque<UInt32> = []
    /// Those that came back (a retry, a release, a dependency): they keep their old place.
    private var returned = Heap<UInt32>()
    /// Tasks in it that count.
    private(set) var live = 0

    /// Entries whose task has left, before they are swept out.
    static let staleAtMost = 1024

    /// A task is queued. True: it comes before all that were there.
    mutating func insert(_ index: UInt32) -> Bool {
        live += 1
        let first = minimum
        if let last = fresh.last, index <= last {
            returned.insert(index)
        } else {
            fresh.append(index)
        }
        return first.map { index < $0 } ?? true
    }

    /// A queued task has left, by being started or otherwise.
    mutating func left() {
        live -= 1
        if live == 0 {
            fresh.removeAll()
            returned = Heap()
        }
    }

    /// The first entry that counts; those before it are dropped.
    mutating func front(_ counts: (UInt32) -> Bool) -> UInt32? {
        if fresh.count + returned.count > 2 * live + Self.staleAtMost { sweep(counts) }
        while let index = minimum {
            if counts(index) { return index }
            removeMinimum()
        }
        return nil
    }

    mutating func removeMinimum() {
        guard let first = fresh.first else {
            returned.removeMin()
            return
        }
        if let back = returned.min, back < first { returned.removeMin() } else { fresh.removeFirst() }
    }

    /// How many entries come before a task's place; those that no longer count are among them.
    func entries(before index: UInt32) -> Int {
        // The fresh ones are in order: halve.
        var low = 0
        var high = fresh.count
        while low < high {
            let middle = (low + high) / 2
            if fresh[middle] < index { low = middle + 1 } else { high = middle }
        }
        return min(live, low + returned.unordered.reduce(0) { $0 + ($1 < index ? 1 : 0) })
    }

    private var minimum: UInt32? {
        guard let first = fresh.first else { return returned.min }
        guard let back = returned.min else { return first }
        return min(first, back)
    }

    private mutating func sweep(_ counts: (UInt32) -> Bool) {
        fresh.removeAll { !counts($0) }
        var kept = Set<UInt32>()
        returned = Heap(returned.unordered.filter { counts($0) && kept.insert($0).inserted })
    }
}
