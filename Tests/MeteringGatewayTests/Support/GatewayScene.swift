import AsyncHTTPClient
import Foundation
import Logging
import MeteringGateway
import NIOCore
import NIOHTTP1
import ServiceSims
import Testing

/// A gateway that runs, with one instance.
struct GatewayScene: Sendable {
    static let realKey = "sk-the-agents-own"

    let gateway: MeteringGateway
    let permits: RecordingPermits
    let access: InstanceAccess
    let spool: String

    /// For as many connections as a test wants; it lives as long as the tests.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var text: String
    }

    /// As an instance calls it: with its own key, unless `headers` has another.
    func request(
        _ method: HTTPMethod = .POST, _ path: String = "/v1/messages?beta=true", base: String? = nil,
        headers: [(String, String)]? = nil, body: String? = nil
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: (base ?? access.baseURL) + path)
        request.method = method
        request.headers = HTTPHeaders(headers ?? [("x-api-key", access.key), ("content-type", "application/json")])
        request.body = body.map { .bytes(ByteBuffer(string: $0)) }
        return request
    }

    func open(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        try await Self.client.execute(request, timeout: .seconds(50))
    }

    func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await open(request)
        let body = try await response.body.collect(upTo: 64 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, text: String(buffer: body))
    }

    func message(_ prompt: String, stream: Bool = true) async throws -> Answer {
        try await send(request(body: Self.body(prompt, stream: stream)))
    }

    static func body(_ prompt: String, stream: Bool = true) -> String {
        #"{"model":"claude-test","max_tokens":100,"stream":\#(stream),"tools":[],"#
            + #""messages":[{"role":"user","content":"\#(prompt)"}]}"#
    }
}

/// Runs `body` with a gateway before `upstream`; afterwards every grant has ended once.
func withGateway(
    to upstream: String, permits: RecordingPermits = RecordingPermits(), logger: Logger? = nil,
    _ change: (inout GatewayConfiguration) -> Void = { _ in }, _ body: (GatewayScene) async throws -> Void
) async throws {
    let spool = FileManager.default.temporaryDirectory.appendingPathComponent("gateway-\(UUID().uuidString)").path
    defer {
        do { try FileManager.default.removeItem(atPath: spool) } catch { Issue.record(error) }
    }
    var configuration = GatewayConfiguration(credential: .apiKey(GatewayScene.realKey), spoolDirectory: spool)
    configuration.claudeBaseURL = upstream
    change(&configuration)
    let logger = logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let gateway = try await MeteringGateway.start(configuration, permits: permits, logger: logger)
    let scene = GatewayScene(
        gateway: gateway, permits: permits, access: gateway.register(instance: "3.2"), spool: spool)
    do {
        try await body(scene)
    } catch {
        await gateway.shutdown()
        throw error
    }
    await gateway.shutdown()
    #expect(gateway.counts.openNow == 0)
    permits.expectEachEndedOnce()
}

/// Runs `body` with a gateway before a simulated API that knows the agent's key alone.
func withSimulatedAPI(
    _ change: (inout AnthropicSimConfiguration) -> Void = { _ in }, permits: RecordingPermits = RecordingPermits(),
    _ body: @Sendable (GatewayScene, AnthropicSim) async throws -> Void
) async throws {
    var configuration = AnthropicSimConfiguration()
    configuration.apiKey = GatewayScene.realKey
    change(&configuration)
    let sim = try AnthropicSim(configuration: configuration)
    try await sim.withRunning { port in
        try await withGateway(to: "http://127.0.0.1:\(port)", permits: permits) { try await body($0, sim) }
    }
}
