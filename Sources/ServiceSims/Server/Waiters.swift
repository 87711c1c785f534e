import Synchronization

/// Lets tasks wait for a condition on state that lives elsewhere; whoever changes the state wakes them.
final class Waiters: Sendable {
    private struct Inner: Sendable {
        var next = 0
        var signals: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let inner = Mutex(Inner())

    /// Returns once `condition` holds. Throws `CancellationError` when the task is cancelled before.
    func wait(until condition: () -> Bool) async throws {
        // One remembered wake-up is enough: the condition is looked at after each.
        let (wakeUps, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = inner.withLock { inner in
            inner.next += 1
            inner.signals[inner.next] = signal
            return inner.next
        }
        defer { inner.withLock { $0.signals[id] = nil } }
        // Looked at after registering, so that no change falls between.
        if condition() { return }
        for await _ in wakeUps where condition() { return }
        throw CancellationError()
    }

    /// Has every waiter look at its condition again.
    func wakeAll() {
        let signals = inner.withLock { Array($0.signals.values) }
        for signal in signals { signal.yield() }
    }
}
