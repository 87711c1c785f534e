import Hummingbird
import Logging

/// A local Messages API that the real Claude Code CLI can work against: answers that follow from a seed and the
/// prompts, the documented limits and their headers, faults on demand, and exact figures of what it saw.
///
/// It listens on 127.0.0.1 alone. See ``PromptScript`` for what a prompt can ask of it, ``AdminEndpoints`` for its own
/// requests.
public final class AnthropicSim: Sendable {
    /// The longest queue of connections that wait to be accepted.
    public static let backlog = 4_096

    /// What the simulator was made with.
    public let configuration: AnthropicSimConfiguration
    private let state: SimState
    private let logger: Logger

    /// A simulator that does not listen yet. Throws ``SimConfigurationError``.
    public init(configuration: AnthropicSimConfiguration = .init(), logger: Logger? = nil) throws {
        try configuration.validate()
        self.configuration = configuration
        self.state = SimState(configuration: configuration)
        self.logger = logger ?? Self.quietLogger()
    }

    /// Serves until the task is cancelled; then every connection is closed at once. `ready` is called with the port as
    /// soon as connections are accepted. Throws when the port can't be had.
    public func run(ready: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) async throws {
        let application = Application(
            responder: SimResponder(state: state),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: configuration.port), backlog: Self.backlog),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await ready(port) }
            },
            logger: logger)
        try await application.run()
    }

    /// Serves while `body` runs, which is given the port, and stops when it ends.
    public func withRunning<Value: Sendable>(_ body: (_ port: Int) async throws -> Value) async throws -> Value {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // However the server ends, the one who waits for its port hears of it.
                defer { port.finish() }
                try await self.run { port.yield($0) }
            }
            defer { group.cancelAll() }
            guard let port = await ports.first(where: { _ in true }) else {
                try await group.next()
                throw CancellationError()
            }
            let value = try await body(port)
            group.cancelAll()
            // The server's own answer to being cancelled is no news.
            while case .some = await group.nextResult() {}
            return value
        }
    }

    /// The figures so far.
    public func stats() -> SimStats { state.stats() }

    /// The distinct prompts so far, oldest first.
    public func prompts() -> [PromptRecord] { state.prompts() }

    /// How many of the kept request bodies hold `text`, plainly or as JSON writes it.
    public func requests(containing text: String) throws -> Int {
        try BodyKeeper.count(state.bodies().kept, containing: text)
    }

    /// Holds calls back from now on: they arrive, count as open, and get no answer until ``release()``.
    public func hold() { state.setHeld(true) }

    /// Lets held calls go on.
    public func release() { state.setHeld(false) }

    /// Forgets all figures, fills the buckets, releases held calls.
    public func reset() { state.reset() }

    /// Returns the figures as soon as they satisfy `condition`; looks after each change. Throws `CancellationError`.
    @discardableResult
    public func waitUntil(_ condition: @escaping @Sendable (SimStats) -> Bool) async throws -> SimStats {
        try await state.waitUntil(condition)
    }

    /// Writes to standard error, and hardly ever.
    public static func quietLogger() -> Logger {
        var logger = Logger(label: "anthropic-sim") { StreamLogHandler.standardError(label: $0) }
        // Being stopped is how a simulator ends; the server calls that an error. Real ones are thrown.
        logger.logLevel = .critical
        return logger
    }
}
