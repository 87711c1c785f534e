import Synchronization

/// State that tests wait for.
final class Watched<State: Sendable>: Sendable {
    private struct Inner: Sendable {
        var state: State
        var waiters: [(condition: @Sendable (State) -> Bool, resume: @Sendable () -> Void)] = []
    }

    private let inner: Mutex<Inner>

    init(_ state: State) { inner = Mutex(Inner(state: state)) }

    var now: State { inner.withLock { $0.state } }

    @discardableResult
    func change<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
        let (result, ready) = inner.withLock { inner in
            let result = body(&inner.state)
            let ready = inner.waiters.filter { $0.condition(inner.state) }.map(\.resume)
            inner.waiters.removeAll { $0.condition(inner.state) }
            return (result, ready)
        }
        for resume in ready { resume() }
        return result
    }

    /// Returns once `condition` holds.
    @discardableResult
    func wait(until condition: @escaping @Sendable (State) -> Bool) async -> State {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isReady = inner.withLock { inner in
                if condition(inner.state) { return true }
                inner.waiters.append((condition, { continuation.resume() }))
                return false
            }
            if isReady { continuation.resume() }
        }
        return now
    }
}
