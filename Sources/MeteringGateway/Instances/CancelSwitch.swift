import Synchronization

/// Cancels one call, whoever finds that it must be: its connection, its instance, the gateway.
final class CancelSwitch: Sendable {
    private struct State: Sendable {
        var hasFired = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// What cancels the call; done at once when the switch was fired before.
    func install(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            guard !state.hasFired else { return true }
            state.action = action
            return false
        }
        if isLate { action() }
    }

    func fire() {
        let action = state.withLock { state in
            state.hasFired = true
            defer { state.action = nil }
            return state.action
        }
        action?()
    }
}

/// The calls of one owner that can be cancelled together.
final class CallSet: Sendable {
    private struct State: Sendable {
        var next = 0
        var isClosed = false
        var calls: [Int: CancelSwitch] = [:]
    }

    private let state = Mutex(State())

    /// Takes a call in; one that comes after ``cancelAll()`` is cancelled at once.
    func insert(_ call: CancelSwitch) -> Int {
        let (number, isClosed) = state.withLock { state in
            state.next += 1
            if !state.isClosed { state.calls[state.next] = call }
            return (state.next, state.isClosed)
        }
        if isClosed { call.fire() }
        return number
    }

    func remove(_ number: Int) { state.withLock { _ = $0.calls.removeValue(forKey: number) } }

    func cancelAll() {
        let calls = state.withLock { state in
            state.isClosed = true
            defer { state.calls = [:] }
            return Array(state.calls.values)
        }
        for call in calls { call.fire() }
    }
}
