import AsyncHTTPClient
import NIOCore

/// Calls a Messages API, the gateway's or the service's own, over connections that are kept.
struct MessageCaller: Sendable {
    /// For one call, its whole answer.
    private static let timeout = TimeAmount.seconds(120)
    /// Of an answer; longer ones are none of this measurement's.
    private static let longestAnswer = 16 * 1024 * 1024

    let client: HTTPClient
    let body: ByteBuffer

    /// - Parameter connections: The most to one host.
    static func client(connections: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// One call, to its end. `begun` is called at the first byte of the answer's body, with the time since the call in nanoseconds.
    func call(
        _ server: Listening, _ stream: MessageStream, begun: (_ nanoseconds: UInt64) -> Void
    ) async throws {
        var request = HTTPClientRequest(url: server.baseURL + stream.target)
        request.method = .POST
        request.headers = ["x-api-key": server.key, "content-type": "application/json"]
        request.body = .bytes(body)
        let start = BenchClock.now
        let response = try await client.execute(request, timeout: Self.timeout)
        var chunks = response.body.makeAsyncIterator()
        guard var answer = try await chunks.next() else { throw BenchError("an answer of \(response.status) is empty") }
        begun(BenchClock.now - start)
        while let chunk = try await chunks.next() {
            answer.writeImmutableBuffer(chunk)
            guard answer.readableBytes <= Self.longestAnswer else { throw BenchError("an answer has no end") }
        }
        guard response.status == .ok, String(buffer: answer).hasSuffix(MessageStream.end) else {
            throw BenchError("a call was answered \(response.status.code): \(String(buffer: answer).suffix(200))")
        }
    }
}
