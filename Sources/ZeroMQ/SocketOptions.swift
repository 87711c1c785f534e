import CZeroMQ

/// A socket's settings; nil leaves the library's default. Apply them before bind and connect.
public struct SocketOptions: Hashable, Sendable {
    /// How TCP itself looks for dead peers.
    public struct KeepAlive: Hashable, Sendable {
        /// Seconds of silence before the first probe.
        public var idleSeconds: Int
        /// Unanswered probes that end the connection.
        public var count: Int
        /// Seconds between probes.
        public var intervalSeconds: Int

        /// TCP keep-alive with these numbers.
        public init(idleSeconds: Int, count: Int, intervalSeconds: Int) {
            self.idleSeconds = idleSeconds
            self.count = count
            self.intervalSeconds = intervalSeconds
        }
    }

    /// ZeroMQ's own pings. The timeout is reset only by a whole frame: keep frames small beside it.
    public struct HeartBeat: Hashable, Sendable {
        /// Between pings.
        public var intervalMilliseconds: Int
        /// Silence after a ping that ends the connection.
        public var timeoutMilliseconds: Int
        /// What the peer is told to wait for us; under 65,536 (the library overflows above).
        public var timeToLiveMilliseconds: Int

        /// Pings with these numbers.
        public init(intervalMilliseconds: Int, timeoutMilliseconds: Int, timeToLiveMilliseconds: Int) {
            self.intervalMilliseconds = intervalMilliseconds
            self.timeoutMilliseconds = timeoutMilliseconds
            self.timeToLiveMilliseconds = timeToLiveMilliseconds
        }
    }

    /// What close may still take to send what is queued.
    public var lingerMilliseconds: Int?
    /// A larger frame ends the connection it came over; nil: none is too large. What CURVE adds does not count.
    public var maximumMessageBytes: Int?
    /// Messages queued for one peer; beyond it a send answers ``SendOutcome/wouldBlock``.
    public var sendHighWater: Int?
    /// Messages queued from one peer; beyond it TCP holds the peer back.
    public var receiveHighWater: Int?
    /// Connections that may wait to be accepted.
    public var backlog: Int?
    /// What a handshake may take.
    public var handshakeMilliseconds: Int?
    /// ZeroMQ's pings.
    public var heartBeat: HeartBeat?
    /// TCP's probes.
    public var keepAlive: KeepAlive?
    /// ROUTER: an unknown routing id answers ``SendOutcome/unroutable`` where it would drop the message.
    public var routerMandatory: Bool?
    /// ROUTER: whether a new connection may take the routing id of another.
    public var routerHandover: Bool?
    /// Queue only for peers whose handshake is done.
    public var immediate: Bool?
    /// The first pause before a connection is tried again.
    public var reconnectMilliseconds: Int?
    /// The pause doubles up to this.
    public var reconnectMaximumMilliseconds: Int?

    /// Everything at the library's default.
    public init() {}

    /// The frames' limit of the ready sets: 1 MiB.
    public static let defaultMaximumMessageBytes = 1024 * 1024

    /// What CURVE adds to a frame: 8 bytes of command name, 8 of nonce, 16 of authenticator, 1 of flags (RFC 26).
    static let curveOverheadBytes = 33

    /// For a server's ROUTER.
    public static var routerDefaults: SocketOptions {
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        options.maximumMessageBytes = defaultMaximumMessageBytes
        options.backlog = 4096
        options.handshakeMilliseconds = 5000
        options.heartBeat = HeartBeat(
            intervalMilliseconds: 2000, timeoutMilliseconds: 10000, timeToLiveMilliseconds: 10000)
        options.keepAlive = KeepAlive(idleSeconds: 30, count: 10, intervalSeconds: 3)
        options.routerMandatory = true
        options.routerHandover = false
        return options
    }

    /// For a client's or an agent's DEALER. It has no routing id of its own: the ROUTER makes one for each connection.
    public static var dealerDefaults: SocketOptions {
        var options = SocketOptions()
        // The library's default waits for ever when the context ends.
        options.lingerMilliseconds = 0
        options.maximumMessageBytes = defaultMaximumMessageBytes
        options.immediate = true
        options.reconnectMilliseconds = 100
        options.reconnectMaximumMilliseconds = 5000
        return options
    }

    /// Calls `set` with each option that has a value; MAXMSGSIZE alone is 64 bits wide.
    func forEach(_ set: (_ name: String, _ option: Int32, _ value: Int, _ wide: Bool) throws -> Void) rethrows {
        func narrow(_ name: String, _ option: Int32, _ value: Int?) throws {
            if let value { try set(name, option, value, false) }
        }
        func flag(_ name: String, _ option: Int32, _ value: Bool?) throws {
            if let value { try set(name, option, value ? 1 : 0, false) }
        }
        try narrow("lingerMilliseconds", ZMQ_LINGER, lingerMilliseconds)
        if let maximumMessageBytes {
            // The library compares the frame as it travels.
            let travelling = maximumMessageBytes + Self.curveOverheadBytes
            try set("maximumMessageBytes", ZMQ_MAXMSGSIZE, travelling, true)
        }
        try narrow("sendHighWater", ZMQ_SNDHWM, sendHighWater)
        try narrow("receiveHighWater", ZMQ_RCVHWM, receiveHighWater)
        try narrow("backlog", ZMQ_BACKLOG, backlog)
        try narrow("handshakeMilliseconds", ZMQ_HANDSHAKE_IVL, handshakeMilliseconds)
        try narrow("heartBeat.intervalMilliseconds", ZMQ_HEARTBEAT_IVL, heartBeat?.intervalMilliseconds)
        try narrow("heartBeat.timeoutMilliseconds", ZMQ_HEARTBEAT_TIMEOUT, heartBeat?.timeoutMilliseconds)
        try narrow("heartBeat.timeToLiveMilliseconds", ZMQ_HEARTBEAT_TTL, heartBeat?.timeToLiveMilliseconds)
        try flag("keepAlive", ZMQ_TCP_KEEPALIVE, keepAlive.map { _ in true })
        try narrow("keepAlive.idleSeconds", ZMQ_TCP_KEEPALIVE_IDLE, keepAlive?.idleSeconds)
        try narrow("keepAlive.count", ZMQ_TCP_KEEPALIVE_CNT, keepAlive?.count)
        try narrow("keepAlive.intervalSeconds", ZMQ_TCP_KEEPALIVE_INTVL, keepAlive?.intervalSeconds)
        try flag("routerMandatory", ZMQ_ROUTER_MANDATORY, routerMandatory)
        try flag("routerHandover", ZMQ_ROUTER_HANDOVER, routerHandover)
        try flag("immediate", ZMQ_IMMEDIATE, immediate)
        try narrow("reconnectMilliseconds", ZMQ_RECONNECT_IVL, reconnectMilliseconds)
        try narrow("reconnectMaximumMilliseconds", ZMQ_RECONNECT_IVL_MAX, reconnectMaximumMilliseconds)
    }
}
