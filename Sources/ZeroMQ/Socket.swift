import CZeroMQ
import Glibc

/// What became of a message that a socket was given.
public enum SendOutcome: Hashable, Sendable {
    /// The socket has it. Whether it arrives only an answer from the peer can say.
    case sent
    /// The queue is full, or no peer is connected: nothing was taken; try again when the socket is writable.
    case wouldBlock
    /// The ROUTER has no connection with this routing id: nothing was taken.
    case unroutable
}

/// A ZeroMQ socket. One thread owns it for its whole life; other threads reach that thread by a ``Mailbox``.
///
/// It may be made on one thread and handed to its owner once, before its first message.
public final class Socket {
    /// What the socket does with its peers; the names are ZeroMQ's.
    public enum Kind: Int32, Sendable {
        /// One peer.
        case pair = 0
        /// One request, then its answer.
        case req = 3
        /// One answer to each request.
        case rep = 4
        /// Messages to whoever it is connected to.
        case dealer = 5
        /// Messages to the peer that is named.
        case router = 6
    }

    /// Kept so that the context outlives the socket.
    public let context: Context
    /// What it does with its peers.
    public let kind: Kind
    private var raw: UnsafeMutableRawPointer?

    /// Opens a socket.
    /// - Throws: ``ZeroMQError`` when the context is at its limit of sockets or the machine out of descriptors.
    public init(_ context: Context, _ kind: Kind) throws {
        guard let raw = zmq_socket(context.raw, kind.rawValue) else {
            throw ZeroMQError.call("open", "a \(kind) socket", errno)
        }
        self.context = context
        self.kind = kind
        self.raw = raw
    }

    deinit { close() }

    /// Closes it; what is queued is sent within the linger, by the context. Closing twice does nothing.
    public func close() {
        guard let raw else { return }
        self.raw = nil
        zmq_close(raw)
    }

    /// Sets the options that have a value.
    /// - Throws: ``ZeroMQError`` naming the option whose value is out of range.
    public func apply(_ options: SocketOptions) throws {
        try options.forEach { name, option, value, wide in
            if wide {
                try set(name, option, Int64(value))
            } else if let narrow = Int32(exactly: value) {
                try set(name, option, narrow)
            } else {
                throw ZeroMQError(.invalidOption, "a \(kind) socket cannot have \(name) = \(value)")
            }
        }
    }

    /// Makes it a CURVE server: only peers that know its public key and that the context's ``ZAPHandler`` lets in for
    /// `domain` may send; without a handler, nobody.
    public func curveServer(_ keys: CurveKeyPair, domain: String) throws {
        try set("curve server", ZMQ_CURVE_SERVER, Int32(1))
        try set("secret key", ZMQ_CURVE_SECRETKEY, bytes: keys.secret)
        try set("ZAP domain", ZMQ_ZAP_DOMAIN, bytes: Array(domain.utf8))
        try set("ZAP domain's enforcement", ZMQ_ZAP_ENFORCE_DOMAIN, Int32(1))
    }

    /// Makes it a CURVE client with keys of its own, for a server that proves to hold the secret of `serverKey`.
    public func curveClient(_ keys: CurveKeyPair, serverKey: CurvePublicKey) throws {
        try set("server key", ZMQ_CURVE_SERVERKEY, bytes: serverKey.bytes)
        try set("public key", ZMQ_CURVE_PUBLICKEY, bytes: keys.publicKey.bytes)
        try set("secret key", ZMQ_CURVE_SECRETKEY, bytes: keys.secret)
    }

    /// Listens at an endpoint such as `tcp://127.0.0.1:7301`; port `*` takes a free one, named by ``lastEndpoint``.
    public func bind(_ endpoint: String) throws {
        try checkPort(of: endpoint)
        guard zmq_bind(try open("bind \(endpoint)"), endpoint) == 0 else {
            throw ZeroMQError.endpoint("bind", endpoint, errno)
        }
    }

    /// Begins to connect; returns at once, and the library tries for as long as the socket is open.
    public func connect(_ endpoint: String) throws {
        try checkPort(of: endpoint)
        guard zmq_connect(try open("connect to \(endpoint)"), endpoint) == 0 else {
            throw ZeroMQError.endpoint("connect to", endpoint, errno)
        }
    }

    /// The endpoint last bound or connected, with the port that was taken for `*`; empty before.
    public var lastEndpoint: String {
        get throws {
            var buffer = [CChar](repeating: 0, count: 1024)
            var size = buffer.count
            guard zmq_getsockopt(try open("ask the endpoint of"), ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else {
                throw ZeroMQError.call("ask the endpoint of", "a \(kind) socket", errno)
            }
            return String(decoding: buffer.prefix(max(0, size - 1)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }

    /// Where a peer reaches another endpoint of the server that it reached at `known`: a server that listens on all of its interfaces
    /// can't say by which address it is reached.
    public static func endpoint(announced: String, reachedAt known: String) -> String {
        for wildcard in ["tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:"] where announced.hasPrefix(wildcard) {
            guard let colon = known.lastIndex(of: ":"), known.hasPrefix("tcp://") else { break }
            return known[..<colon] + ":" + announced.dropFirst(wildcard.count)
        }
        return announced
    }

    /// The library takes a connect to any number, and then tries in vain for ever.
    private func checkPort(of endpoint: String) throws {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return }
        let port = endpoint[endpoint.index(after: colon)...]
        if port != "*" && UInt16(port) == nil { throw ZeroMQError.endpoint("use", endpoint, EINVAL) }
    }

    /// The library's handle; nil once closed.
    var rawIfOpen: UnsafeMutableRawPointer? { raw }

    /// The library's handle, for a call.
    func open(_ doing: @autoclosure () -> String) throws -> UnsafeMutableRawPointer {
        guard let raw else { throw ZeroMQError(.closed, "cannot \(doing()): this \(kind) socket is closed") }
        return raw
    }

    private func set<Value: BitwiseCopyable>(_ name: String, _ option: Int32, _ value: Value) throws {
        try withUnsafeBytes(of: value) { try set(name, option, buffer: $0, shown: " = \(value)") }
    }

    private func set(_ name: String, _ option: Int32, bytes: [UInt8]) throws {
        // No value in the sentence: it may be a secret.
        try bytes.withUnsafeBytes { try set(name, option, buffer: $0, shown: "") }
    }

    func set(_ name: String, _ option: Int32, buffer: UnsafeRawBufferPointer, shown: String) throws {
        guard zmq_setsockopt(try open("set \(name) of"), option, buffer.baseAddress, buffer.count) == 0 else {
            throw ZeroMQError(
                .invalidOption, "a \(kind) socket cannot have this \(name)\(shown): \(ZeroMQError.text(errno))")
        }
    }
}
