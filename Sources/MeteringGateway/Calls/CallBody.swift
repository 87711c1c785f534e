import AsyncHTTPClient
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A call's body, which may be sent several times.
struct CallBody: Sendable {
    private enum Store: Sendable {
        case memory(ByteBuffer)
        case file(SpoolFile)
    }

    private let store: Store
    let count: Int
    let facts: RequestFacts

    /// How much of a body that is too long is read, to no end but that its caller hears so.
    static let mostThrownAway = 256 * 1024 * 1024

    /// For a send; nil: there is none.
    var content: HTTPClientRequest.Body? {
        guard count > 0 else { return nil }
        switch store {
        case .memory(let buffer): return .bytes(buffer)
        case .file(let file): return .stream(SpooledBytes(file: file), length: .known(Int64(count)))
        }
    }

    /// Reads it whole; what is over ``GatewayLimits/bodyBytesInMemory`` goes into a file.
    ///
    /// - Throws: ``GatewayAnswer`` for a body that is too long or not whole; ``SpoolFailure``.
    init(of request: Request, limits: GatewayLimits, spoolDirectory: String) async throws {
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        var memory = ByteBuffer()
        // All at once, or the buffer would double its way up to twice the body.
        if let announced, announced <= limits.bodyBytesInMemory { memory.reserveCapacity(announced) }
        var file: SpoolFile?
        var facts = RequestFacts()
        var count = 0
        var isTooLarge = false
        for try await part in request.body {
            count += part.readableBytes
            guard max(count, announced ?? 0) <= limits.bodyBytes else {
                // Many callers hear of an answer only when all they have to say was taken.
                guard count <= Self.mostThrownAway else {
                    throw GatewayAnswer.tooLarge(limits.bodyBytes, closes: true)
                }
                isTooLarge = true
                continue
            }
            part.withUnsafeReadableBytes { facts.feed($0) }
            if file == nil, max(count, announced ?? 0) > limits.bodyBytesInMemory {
                let made = try SpoolFile(directory: spoolDirectory)
                try memory.withUnsafeReadableBytes(made.append)
                memory = ByteBuffer()
                file = made
            }
            if let file {
                try part.withUnsafeReadableBytes(file.append)
            } else {
                memory.writeImmutableBuffer(part)
            }
        }
        if isTooLarge { throw GatewayAnswer.tooLarge(limits.bodyBytes) }
        // The caller left in the middle: its end of the connection looks like the end of the body.
        if let announced, announced != count { throw CancellationError() }
        self.store = file.map(Store.file) ?? .memory(memory)
        self.count = count
        self.facts = facts
    }
}
