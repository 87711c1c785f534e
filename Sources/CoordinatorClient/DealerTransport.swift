import Trust
import ZeroMQ

/// Frames over a ZeroMQ connection.
final class DealerTransport: FrameTransport {
    let events: AsyncStream<TransportEvent>
    private let continuation: AsyncStream<TransportEvent>.Continuation
    private let connection: DealerConnection

    /// - Throws: `ZeroMQError` for an endpoint that can't be one.
    init(endpoint: String, keys: CurveKeyPair, serverKey: CurvePublicKey, context: Context) throws {
        let (events, continuation) = AsyncStream.makeStream(of: TransportEvent.self)
        self.events = events
        self.continuation = continuation
        connection = try DealerConnection(
            context: context, endpoint: endpoint, keys: keys, serverKey: serverKey,
            onConnectionChange: { change in
                switch change {
                case .connected: continuation.yield(.connected)
                case .disconnected: continuation.yield(.disconnected)
                case .handshakeFailed(let reason): continuation.yield(.refused(reason: reason))
                }
            },
            onMessage: { bytes in continuation.yield(.frame(Array(bytes))) })
    }

    func send(_ frame: [UInt8]) throws { try connection.send(frame) }

    func close() {
        // Whoever closes has its answers: nothing under way is worth a wait.
        connection.close(lingerMilliseconds: 0)
        continuation.finish()
    }
}

extension CoordinatorClient {
    /// Over ZeroMQ, with CURVE keys.
    /// - Parameters:
    ///   - endpoint: The coordinator's clients endpoint, such as `tcp://127.0.0.1:7302`.
    ///   - keys: Who the client is.
    ///   - serverKey: Who the coordinator must be.
    /// - Throws: `ZeroMQError` for an endpoint that can't be one.
    public convenience init(
        endpoint: String, keys: CurveKeyPair, serverKey: CurvePublicKey, limits: ClientLimits = ClientLimits()
    ) throws {
        let context = try Context()
        try self.init(endpoint: endpoint, limits: limits) { endpoint in
            try DealerTransport(endpoint: endpoint, keys: keys, serverKey: serverKey, context: context)
        }
    }

    /// With a key file, else to this machine's own coordinator by the secret file.
    /// - Throws: `ZeroMQError` or `TrustError` for an endpoint, a key or a secret file that can't be used.
    public static func connected(
        to endpoint: String, keyFile: String?, secretFile: String, limits: ClientLimits = ClientLimits()
    ) throws -> CoordinatorClient {
        guard let keyFile else { return try loopback(endpoint: endpoint, secretFile: secretFile, limits: limits) }
        let key = try KeyFile.load(keyFile)
        return try CoordinatorClient(endpoint: endpoint, keys: key.keys, serverKey: key.server, limits: limits)
    }

    /// To this machine's own coordinator: both sides read the same secret file.
    /// - Throws: `ZeroMQError` for an endpoint that can't be one, or a secret file that can't be used.
    public static func loopback(
        endpoint: String, secretFile: String, limits: ClientLimits = ClientLimits()
    ) throws -> CoordinatorClient {
        let keys = try LoopbackSecret.loadOrCreate(path: secretFile)
        return try CoordinatorClient(endpoint: endpoint, keys: keys, serverKey: keys.publicKey, limits: limits)
    }
}
