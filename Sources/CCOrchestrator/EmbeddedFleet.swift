import AgentServer
import CoordinatorServer
import Logging
import ServiceLifecycle
import Settings
import Synchronization

/// A coordinator and one agent inside this process: a fleet of one host, without any other program.
public final class EmbeddedFleet: Sendable {
    private let coordinator: CoordinatorServer
    private let agentSettings: AgentSettings
    private let environment: [String: String]
    private let logger: Logger
    private let agent = Mutex<AgentServer?>(nil)

    /// - Parameters:
    ///   - coordinator: Its endpoints may ask for free ports.
    ///   - agent: Its `coordinator` is replaced by the endpoint that the coordinator got.
    ///   - environment: What the instances' environment is taken from.
    public init(
        coordinator: CoordinatorSettings, agent: AgentSettings, environment: [String: String], logger: Logger
    ) {
        self.coordinator = CoordinatorServer(settings: coordinator, logger: logger)
        self.agentSettings = agent
        self.environment = environment
        self.logger = logger
    }

    /// Starts both, carries out `body`, and stops both: the agent first, which finishes what runs; then the coordinator.
    /// Cancelling the calling task cancels `body` alone: the orderly stop still follows.
    /// - Returns: What `body` gives.
    /// - Throws: What `body` throws, or what ended one of the two before its time.
    public func whileRunning<Value: Sendable>(
        _ body: @escaping @Sendable (BoundEndpoints) async throws -> Value
    ) async throws -> Value {
        let coordinator = RunningService(coordinator, name: "the coordinator", logger: logger)
        do {
            let server = self.coordinator
            let endpoints = try await Self.first(of: { try await server.started() }, or: [coordinator])
            let agentServer = makeAgent(endpoints)
            let agent = RunningService(agentServer, name: "the agent", logger: logger)
            let outcome = await Self.outcome {
                try await Self.first(
                    of: {
                        // An agent that can't work here says so before any work is taken on.
                        guard await agentServer.ready() else { throw await agent.unexpectedEnd() }
                        return try await body(endpoints)
                    }, or: [coordinator, agent])
            }
            let agentEnd = await Self.outcome { try await agent.stop() }
            try await coordinator.stop()
            let value = try outcome.get()
            try agentEnd.get()
            return value
        } catch {
            await coordinator.stopAfterError(logger)
            throw error
        }
    }

    /// Stops the agent's instances at once; ``whileRunning(_:)`` then comes to its end.
    public func stopNow() { agent.withLock { $0 }?.stopNow() }

    private func makeAgent(_ endpoints: BoundEndpoints) -> AgentServer {
        guard let endpoint = Endpoint(tcp: endpoints.agents) else {
            preconditionFailure("the coordinator listens at \(endpoints.agents), which is no endpoint")
        }
        var settings = agentSettings
        settings.coordinator = endpoint
        let server = AgentServer(settings: settings, environment: environment, logger: logger)
        agent.withLock { $0 = server }
        return server
    }

    private static func outcome<Value: Sendable>(
        _ work: () async throws -> Value
    ) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }

    /// What `work` gives, unless one of `services` ends first: that is an error.
    private static func first<Value: Sendable>(
        of work: @escaping @Sendable () async throws -> Value, or services: [RunningService]
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            for service in services { group.addTask { throw await service.unexpectedEnd() } }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { preconditionFailure("the group has a task") }
            return value
        }
    }
}
