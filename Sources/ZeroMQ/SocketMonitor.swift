import CZeroMQ
import Glibc

/// What happened to a connection of a monitored socket.
public enum SocketEvent: Hashable, Sendable {
    /// The handshake is done: messages can flow.
    case handshakeSucceeded
    /// The handshake failed, in words; the library may not try again by itself.
    case handshakeFailed(reason: String)
    /// The connection ended, before or after its handshake.
    case disconnected
    /// The library will try to connect again by itself.
    case retrying
}

/// The events of one socket's connections, read by the thread that owns the socket.
///
/// Keep reading: what is not read is kept without a limit, since the library's I/O thread would wait at one, and with it
/// every socket of the context.
public final class SocketMonitor {
    private let socket: Socket
    private let reader: Socket
    private var incoming = Incoming()
    private let watched: Int32 =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED

    /// Watches a socket from now on; call it before bind or connect to miss nothing.
    public init(_ socket: Socket) throws {
        let raw = try socket.open("watch")
        // The address is the library's for as long as the socket lives, so no other open socket has this name.
        let endpoint = "inproc://monitor-\(UInt(bitPattern: raw))"
        guard zmq_socket_monitor(raw, endpoint, watched) == 0 else {
            throw ZeroMQError.call("watch", "a \(socket.kind) socket", errno)
        }
        self.socket = socket
        reader = try Socket(socket.context, .pair)
        var options = SocketOptions()
        options.receiveHighWater = 0
        do {
            try reader.apply(options)
            try reader.connect(endpoint)
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Waits for events through a poller.
    public func add(to poller: inout Poller) throws -> Poller.Item { try poller.add(reader) }

    /// The next event; nil when there is none.
    public func next() throws -> SocketEvent? {
        while try reader.receive(into: &incoming) {
            if let event = incoming.frames.first?.withUnsafeBytes({ Self.decode($0) }) { return event }
        }
        return nil
    }

    /// Ends the watch.
    public func close() {
        // First the writer: without a reader the library's I/O thread would wait for one at the next event, for ever.
        if let raw = socket.rawIfOpen { zmq_socket_monitor(raw, nil, 0) }
        reader.close()
    }

    /// An event number in 16 bits and its value in 32.
    private static func decode(_ bytes: UnsafeRawBufferPointer) -> SocketEvent? {
        guard bytes.count >= 6 else { return nil }
        let event = Int32(bytes.loadUnaligned(as: UInt16.self))
        let value = bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
        switch event {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .handshakeSucceeded
        case ZMQ_EVENT_DISCONNECTED: return .disconnected
        case ZMQ_EVENT_CONNECT_RETRIED: return .retrying
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            return .handshakeFailed(reason: "this program's key is not admitted there (status \(value))")
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            return .handshakeFailed(
                reason:
                    "what answers there does not speak ZeroMQ with CURVE (protocol error \(String(value, radix: 16)))")
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            return .handshakeFailed(
                reason:
                    "the connection ended in the handshake: what answers there is another service, or has another server key"
            )
        default: return nil
        }
    }
}
