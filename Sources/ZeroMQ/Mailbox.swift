import Synchronization

/// A bounded queue into a thread: any thread posts, the owner takes everything at once when its ``WakeUp`` says so.
public final class Mailbox<Element: Sendable>: Sendable {
    /// The most elements it holds.
    public let limit: Int
    private let wakeUp: WakeUp
    private let elements = Mutex<[Element]>([])

    /// An empty mailbox; several may share a wake-up.
    public init(limit: Int, wakeUp: WakeUp) {
        precondition(limit > 0, "a mailbox holds at least one element")
        self.limit = limit
        self.wakeUp = wakeUp
    }

    /// Appends an element; from any thread, never waits.
    /// - Returns: false when the mailbox is full: nothing was taken.
    public func post(_ element: Element) -> Bool {
        let count = elements.withLock { elements in
            guard elements.count < limit else { return 0 }
            elements.append(element)
            return elements.count
        }
        if count == 1 { wakeUp.signal() }
        return count > 0
    }

    /// Moves all elements behind those of `target`, in the order they were posted.
    public func takeAll(into target: inout [Element]) {
        elements.withLock { elements in
            if target.isEmpty {
                // The emptied array goes back in with its storage.
                swap(&elements, &target)
            } else {
                target.append(contentsOf: elements)
                elements.removeAll(keepingCapacity: true)
            }
        }
    }

    /// How many elements wait now.
    public var count: Int { elements.withLock { $0.count } }
}
