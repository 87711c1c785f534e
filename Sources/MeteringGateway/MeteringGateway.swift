import ClusterModel
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Synchronization

/// A loopback HTTP server that meters what instances ask of a service.
///
/// Each instance has an address and a key of its own. Every call waits for its permit, is sent with the agent's real credential, and comes
/// back as it arrives; what it used is read on the way and reported. See docs/GATEWAY.md for what it promises.
public final class MeteringGateway: Sendable {
    /// Listened on at 127.0.0.1.
    public let port: Int

    /// The longest queue of connections that wait to be accepted.
    static let backlog = 4096
    /// Connections at most, for each call that may be open.
    static let connectionsPerCall = 2

    private let handler: CallHandler
    private let server: Task<Void, any Error>

    private init(port: Int, handler: CallHandler, server: Task<Void, any Error>) {
        self.port = port
        self.handler = handler
        self.server = server
    }

    /// A gateway on a free port, which takes connections when this returns. It must be ended by ``shutdown()``.
    ///
    /// - Throws: ``GatewayConfigurationError`` for what can't work; errors of the system when there is no port.
    public static func start(
        _ configuration: GatewayConfiguration, permits: any CallPermits, logger: Logger
    ) async throws -> MeteringGateway {
        try makeSpool(configuration.spoolDirectory)
        let upstreams = try Upstreams(configuration)
        let handler = CallHandler(
            instances: InstanceTable(), callers: Callers(), upstreams: upstreams, permits: permits,
            limits: configuration.limits, spoolDirectory: configuration.spoolDirectory, counter: GatewayCounter(),
            logger: logger)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = Task {
            // However the server ends, the one who waits for its port hears of it.
            defer { port.finish() }
            try await serve(handler) { port.yield($0) }
        }
        guard let port = await ports.first(where: { _ in true }) else {
            server.cancel()
            let result = await server.result
            try await upstreams.shutdown()
            try result.get()
            throw CancellationError()
        }
        return MeteringGateway(port: port, handler: handler, server: server)
    }

    /// Lets an instance in. An older one of that name is put out.
    public func register(instance name: String) -> InstanceAccess {
        let instance = handler.instances.register(name)
        let base = "http://127.0.0.1:\(port)/i/\(instance.pathWord)"
        let others = handler.upstreams.names.map { ($0, "\(base)/up/\($0)") }
        return InstanceAccess(baseURL: base, key: instance.key, upstreamURLs: Dictionary(uniqueKeysWithValues: others))
    }

    /// Puts an instance out: its calls are cancelled, its address and key are wrong from now on.
    public func unregister(instance name: String) { handler.instances.unregister(name) }

    /// What was done so far.
    public var counts: GatewayCounts { handler.counter.now }

    /// Ends every call and closes every connection. When it returns, each granted call has ended.
    public func shutdown() async {
        server.cancel()
        // The server's own answer to being cancelled is no news.
        _ = await server.result
        do {
            try await handler.upstreams.shutdown()
        } catch {
            // Only a second shutdown comes here: then there is nothing left to close.
            handler.logger.debug("the gateway's connections were closed before", metadata: ["error": "\(error)"])
        }
    }

    private static func serve(_ handler: CallHandler, ready: @escaping @Sendable (Int) -> Void) async throws {
        let callers = handler.callers
        let builder = HTTPServerBuilder.http1(
            configuration: .init(additionalChannelHandlers: [callers.watch()]))
        var quiet = handler.logger
        quiet.logLevel = max(handler.logger.logLevel, .notice)
        let server = try builder.buildServer(
            configuration: ServerConfiguration(
                address: .hostname("127.0.0.1", port: 0), backlog: backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    connectionsPerCall * handler.limits.openCalls, logger: quiet)),
            eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup, logger: quiet,
            responder: { request, writer, channel in try await handler.handle(request, writer, channel) },
            onServerRunning: { channel in if let port = channel.localAddress?.port { ready(port) } })
        try await server.run()
    }

    private static func makeSpool(_ directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw GatewayConfigurationError(
                "The directory for long bodies can't be made: \(error.localizedDescription)")
        }
    }
}
