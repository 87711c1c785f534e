/// A queue in an array: what was taken from the front is given back in one go.
struct Fifo<Element> {
    private var elements: [Element] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { isEmpty ? nil : elements[head] }

    /// By its place from the front.
    subscript(offset: Int) -> Element {
        get { elements[head + offset] }
        set { elements[head + offset] = newValue }
    }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func append(contentsOf new: some Sequence<Element>) { elements.append(contentsOf: new) }

    mutating func prepend(_ new: [Element]) {
        elements = new + elements[head...]
        head = 0
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer {
            head += 1
            if head == elements.count {
                elements.removeAll(keepingCapacity: head <= 4096)
                head = 0
            } else if head > 1024, head > elements.count / 2 {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }
}
