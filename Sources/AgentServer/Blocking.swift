import Dispatch
import Synchronization

/// Waits on a thread of its own for what is asynchronous. Never on one of the cooperative pool's.
enum Blocking {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    static func wait<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
        let box = Box<Value>()
        Task.detached {
            let value = await body()
            box.value.withLock { $0 = value }
            box.isThere.signal()
        }
        box.isThere.wait()
        guard let value = box.value.withLock({ $0 }) else {
            preconditionFailure("signalled before the value was there")
        }
        return value
    }
}
