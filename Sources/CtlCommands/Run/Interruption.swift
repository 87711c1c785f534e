import UnixSignals

/// Carries out work that is stopped in two steps: the first interrupt cancels it and lets it end in order, the second calls for haste.
enum Interruption {
    /// - Throws: ``ExitStatus/interrupted`` if the work was cut short by a signal, else what it throws.
    static func guarding<Value: Sendable>(
        notice: String, stopNow: @escaping @Sendable () -> Void, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let task = Task { try await work() }
        let watcher = Task {
            var count = 0
            for await _ in signals {
                count += 1
                if count == 1 {
                    Note.say(notice)
                    task.cancel()
                } else {
                    stopNow()
                }
            }
        }
        defer { watcher.cancel() }
        do {
            return try await task.value
        } catch is CancellationError {
            throw ExitStatus.interrupted
        }
    }
}
