import Synchronization

/// What happened to a ``DealerConnection``.
public enum ConnectionChange: Hashable, Sendable {
    /// The handshake is done. What was sent before and not taken goes out now, after the greeting.
    case connected
    /// The connection ended; it is tried again for ever.
    case disconnected
    /// The server could not be agreed with, in words; it is tried again for ever, and told again only when the words change.
    case handshakeFailed(reason: String)
}

/// A connection to a server's ROUTER that any thread may send through: a DEALER on a thread of its own.
///
/// It connects again for ever. What the connection held when it broke is lost without a word, as with any ZeroMQ
/// socket, so what matters needs an answer. A callback that captures the connection keeps it alive until ``close(lingerMilliseconds:)``.
public final class DealerConnection: Sendable {
    /// Frames that may wait to be sent, unless said otherwise.
    public static let defaultOutboxLimit = 4096
    /// Bytes that may wait to be sent, unless said otherwise: 64 MiB.
    public static let defaultOutboxByteLimit = 64 * 1024 * 1024

    private let outbox: DealerOutbox
    private let counters: DealerCounters
    private let thread: OSThread

    /// Begins to connect and returns at once.
    /// - Parameters:
    ///   - context: where the socket lives.
    ///   - endpoint: the server's, such as `tcp://127.0.0.1:7301`.
    ///   - keys: who we are.
    ///   - serverKey: who the server must prove to be.
    ///   - options: the DEALER's; frames above `maximumMessageBytes` are refused by ``send(_:)``.
    ///   - outboxLimit: frames that may wait to be sent.
    ///   - outboxByteLimit: bytes that may wait to be sent.
    ///   - greeting: asked after each handshake for a frame that goes before all that waits, such as a hello; nil sends none.
    ///   - onConnectionChange: called on the connection's thread; must return soon.
    ///   - onMessage: called on the connection's thread with each message, valid only inside the call; must return soon.
    /// - Throws: ``ZeroMQError`` for an endpoint or option that cannot be, or a machine out of resources.
    public init(
        context: Context,
        endpoint: String,
        keys: CurveKeyPair,
        serverKey: CurvePublicKey,
        options: SocketOptions = .dealerDefaults,
        outboxLimit: Int = DealerConnection.defaultOutboxLimit,
        outboxByteLimit: Int = DealerConnection.defaultOutboxByteLimit,
        greeting: @escaping @Sendable () -> [UInt8]? = { nil },
        onConnectionChange: @escaping @Sendable (ConnectionChange) -> Void = { _ in },
        onMessage: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) throws {
        let outbox = try DealerOutbox(
            endpoint: endpoint, frameLimit: outboxLimit, byteLimit: outboxByteLimit,
            frameByteLimit: options.maximumMessageBytes ?? .max)
        let counters = DealerCounters()
        let plan = DealerPlan(
            context: context, endpoint: endpoint, keys: keys, serverKey: serverKey, options: options,
            greeting: greeting, onConnectionChange: onConnectionChange, onMessage: onMessage)
        let loop = try DealerLoop(plan, outbox, counters)
        self.outbox = outbox
        self.counters = counters
        thread = try OSThread(name: "dealer") { loop.run() }
    }

    deinit { close(lingerMilliseconds: 0) }

    /// Queues a frame; from any thread, never waits. Frames of one thread stay in order.
    /// - Throws: ``ZeroMQError`` with code `full`, `tooLarge` or `closed`; the frame was then not taken.
    public func send(_ frame: [UInt8]) throws { try outbox.post(frame) }

    /// Frames that the socket has not taken yet.
    public var unsentFrames: Int { outbox.unsentFrames }

    /// Whether the handshake is done and the connection not known to be broken.
    public var isConnected: Bool { counters.isConnected.load(ordering: .acquiring) }

    /// Messages dropped because they had more than one frame, which no server of ours sends.
    public var droppedMessages: Int { counters.droppedMessages.load(ordering: .relaxed) }

    /// Sends what waits, for at most `lingerMilliseconds`, closes the connection, and waits for its thread.
    ///
    /// What the socket has by then goes out within the rest of that time, for which the ``Context`` waits when it ends.
    /// From one of the connection's own callbacks it returns at once.
    public func close(lingerMilliseconds: Int) {
        outbox.close(lingerMilliseconds: lingerMilliseconds)
        thread.join()
    }
}

/// What a connection was made with.
struct DealerPlan: Sendable {
    let context: Context
    let endpoint: String
    let keys: CurveKeyPair
    let serverKey: CurvePublicKey
    let options: SocketOptions
    let greeting: @Sendable () -> [UInt8]?
    let onConnectionChange: @Sendable (ConnectionChange) -> Void
    let onMessage: @Sendable (UnsafeRawBufferPointer) -> Void
}

/// What the thread tells the others.
final class DealerCounters: Sendable {
    let isConnected = Atomic(false)
    let droppedMessages = Atomic(0)
}
