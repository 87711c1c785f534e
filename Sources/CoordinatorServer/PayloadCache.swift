import ClusterModel
import DequeModule

/// Prompts that were just submitted, so that work which starts at once needs no read. Bounded by bytes; the oldest go first.
struct PayloadCache {
    private let limit: Int
    private var bytes = 0
    private var prompts: [UInt64: Content] = [:]
    private var order: Deque<UInt64> = []

    init(bytesAtMost limit: Int) { self.limit = limit }

    mutating func insert(_ prompt: Content, for task: TaskID) {
        guard prompts.updateValue(prompt, forKey: task.packed) == nil else { return }
        bytes += Self.weight(prompt)
        order.append(task.packed)
        while bytes > limit, let oldest = order.popFirst() {
            if let gone = prompts.removeValue(forKey: oldest) { bytes -= Self.weight(gone) }
        }
        // Taken prompts leave their place in the order: sweep it before it outgrows what it orders.
        if order.count > 2 * prompts.count + 1024 { order.removeAll { prompts[$0] == nil } }
    }

    mutating func take(_ task: TaskID) -> Content? {
        guard let prompt = prompts.removeValue(forKey: task.packed) else { return nil }
        bytes -= Self.weight(prompt)
        return prompt
    }

    private static func weight(_ prompt: Content) -> Int {
        if case .text(let text) = prompt { return text.utf8.count + 64 }
        return 128
    }
}
