import HTTPTypes
import HummingbirdCore
import NIOCore

/// The way back to one caller. Each write waits until the connection takes it.
///
/// Unchecked, because the writer of the server can't be copied: one task at a time uses it, first the connection's, then the call's.
final class AnswerWriter: @unchecked Sendable {
    private var head: ResponseWriter?
    private var body: (any ResponseBodyWriter)?
    private let method: HTTPRequest.Method

    /// Whether the caller has got something.
    private(set) var hasBegun = false

    init(_ writer: consuming ResponseWriter, method: HTTPRequest.Method) {
        head = consume writer
        self.method = method
    }

    func begin(_ response: HTTPResponse) async throws {
        guard let writer = head.take() else { preconditionFailure("an answer has one head") }
        hasBegun = true
        body = try await writer.writeHead(response)
    }

    func write(_ buffer: ByteBuffer) async throws {
        guard method != .head, buffer.readableBytes > 0, var writer = body else { return }
        try await writer.write(buffer)
    }

    func finish() async throws {
        guard let writer = body else { preconditionFailure("an answer ends after its head") }
        body = nil
        try await writer.finish(nil)
    }

    /// The gateway's own answer, as a whole.
    func send(_ answer: GatewayAnswer) async throws {
        try await begin(answer.head)
        try await write(answer.body)
        try await finish()
    }
}
