import Logging
import ServiceLifecycle

/// A service with a group of its own, so that it can be stopped before its neighbours.
struct RunningService: Sendable {
    private let name: String
    private let group: ServiceGroup
    private let task: Task<Void, any Error>
    private let ended: EndSignal

    init(_ service: any Service, name: String, logger: Logger) {
        let group = ServiceGroup(services: [service], logger: logger)
        let ended = EndSignal()
        self.name = name
        self.group = group
        self.ended = ended
        task = Task {
            defer { ended.settle() }
            try await group.run()
        }
    }

    /// Asks it to end and waits until it has.
    /// - Throws: What it ended with.
    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }

    /// Stops it where another error is already on its way to the user.
    func stopAfterError(_ logger: Logger) async {
        do {
            try await stop()
        } catch {
            logger.debug("\(name) ended: \(error)")
        }
    }

    /// Waits until it ends or the calling task is cancelled.
    func unexpectedEnd() async -> any Error {
        await ended.wait()
        // Of a service that goes on, the end must not be waited for: that could not be cancelled.
        if Task.isCancelled { return CancellationError() }
        do {
            try await task.value
            return FleetError(description: "\(name) ended before its work was done")
        } catch {
            return error
        }
    }
}

/// What went wrong with a fleet as a whole.
public struct FleetError: Error, CustomStringConvertible, Sendable {
    /// A sentence for people.
    public let description: String
}
