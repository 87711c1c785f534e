import Synchronization

/// Something that happens once, or never any more; any number of tasks wait for it.
final class ReadySignal: Sendable {
    private struct State {
        var outcome: Bool?
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }
    private let state = Mutex(State())

    /// The first call decides.
    func settle(_ happened: Bool) {
        let waiting = state.withLock { state in
            guard state.outcome == nil else { return [CheckedContinuation<Bool, Never>]() }
            state.outcome = happened
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: happened) }
    }

    /// Whether it happened.
    func wait() async -> Bool {
        await withCheckedContinuation { continuation in
            let outcome = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }
}
