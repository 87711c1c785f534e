import ClusterModel
import HeapModule

/// The tasks that may run now: by priority, then first come. A task that stopped being queued is left in and passed over when it
/// comes up, so that a cancel of a million tasks need not search.
struct ReadyQueue {
    struct Item: Comparable {
        /// Inverted priority in the upper byte, sequence below: one comparison decides.
        var key: UInt64
        var task: UInt64

        init(priority: Priority, sequence: UInt64, task: TaskID) {
            key = UInt64(9 - priority.rawValue) << 56 | (sequence & 0x00FF_FFFF_FFFF_FFFF)
            self.task = task.packed
        }

        static func < (a: Self, b: Self) -> Bool { a.key < b.key }
    }

    private var heap = Heap<Item>()

    mutating func insert(_ item: Item) { heap.insert(item) }
    mutating func insert(contentsOf items: [Item]) { heap.insert(contentsOf: items) }
    mutating func popFirst() -> Item? { heap.popMin() }
    var first: Item? { heap.min }
    var count: Int { heap.count }
}
