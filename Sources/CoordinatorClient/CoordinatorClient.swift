import ClusterModel
import ClusterWire
import Foundation

extension Ccorchestrator_V1_ClientReply: NumberedReply {}
extension Ccorchestrator_V1_BlobReply: NumberedReply {}

/// Typed requests to a coordinator. Each may be repeated behind the scenes: after a break of the connection, or when its
/// answer is late.
public final class CoordinatorClient: Sendable {
    /// Makes a connection to an endpoint.
    public typealias Connect = @Sendable (_ endpoint: String) throws -> any FrameTransport

    /// Where the coordinator is.
    public let endpoint: String
    /// How it waits.
    public let limits: ClientLimits
    let channel: RequestChannel<Ccorchestrator_V1_ClientReply>
    let blobs: BlobChannel

    /// - Throws: What `connect` throws for an endpoint that can't be one.
    public init(endpoint: String, limits: ClientLimits = ClientLimits(), connect: @escaping Connect) throws {
        self.endpoint = endpoint
        self.limits = limits
        channel = RequestChannel(endpoint: endpoint, transport: try connect(endpoint), limits: limits)
        blobs = BlobChannel(limits: limits, connect: connect)
    }

    /// Ends the connections; requests under way are cancelled.
    public func close() async {
        await channel.close()
        await blobs.close()
    }

    /// Sends one request and gives the body of its answer.
    /// - Throws: ``CoordinatorFailure``, ``CoordinatorUnreachable``, `CancellationError`.
    func call(_ body: Ccorchestrator_V1_ClientRequest.OneOf_Body) async throws
        -> Ccorchestrator_V1_ClientReply.OneOf_Body
    {
        var pause = Duration.milliseconds(50)
        while true {
            do {
                return try Self.body(
                    of: await channel.exchange(timeLimit: limits.answerTimeout) { try Self.frame(body, id: $0) })
            } catch let failure as CoordinatorFailure where failure.code == .busy && pause < Self.longestBusyPause {
                try await Task.sleep(for: pause)
                pause *= 2
            }
        }
    }

    /// A coordinator that is still busy after a pause of this length, and all shorter ones before it, is told of.
    private static let longestBusyPause = Duration.seconds(10)

    static func frame(_ body: Ccorchestrator_V1_ClientRequest.OneOf_Body, id: UInt64) throws -> [UInt8] {
        var request = Ccorchestrator_V1_ClientRequest()
        request.requestID = id
        request.protocol = .current
        request.body = body
        let bytes: [UInt8] = try request.serializedBytes()
        guard bytes.count <= Limits.frameBytes else {
            throw CoordinatorFailure(
                code: .invalid, message: "a request of \(bytes.count) bytes is over the limit of \(Limits.frameBytes)")
        }
        return bytes
    }

    static func body(of reply: Ccorchestrator_V1_ClientReply) throws -> Ccorchestrator_V1_ClientReply.OneOf_Body {
        switch reply.body {
        case .failure(let failure):
            throw CoordinatorFailure(code: FailureCode(rawValue: failure.code), message: failure.message)
        case .some(let body): return body
        case nil:
            throw CoordinatorFailure(
                code: .badReply, message: "the coordinator's answer is of a kind that this version does not know")
        }
    }

    static func unexpected(_ body: Ccorchestrator_V1_ClientReply.OneOf_Body) -> CoordinatorFailure {
        CoordinatorFailure(code: .badReply, message: "the coordinator answered another question than was asked")
    }
}
