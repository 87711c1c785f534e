/// What a connection tells its owner.
public enum TransportEvent: Sendable {
    /// The other side is there: at first, and again after every break.
    case connected
    /// The connection broke; it is made again by itself.
    case disconnected
    /// The other side is there and won't have us; it is tried again.
    case refused(reason: String)
    case frame([UInt8])
}

/// A connection that carries frames both ways, connects again for ever by itself, and may lose what was under way when it broke.
public protocol FrameTransport: Sendable {
    /// Everything that happens, in order; it ends after ``close()``. It is read once.
    var events: AsyncStream<TransportEvent> { get }

    /// Queues a frame. It is lost if the connection breaks.
    /// - Throws: An error in words if the frame can't be taken.
    func send(_ frame: [UInt8]) throws

    /// Ends the connection and ``events``.
    func close()
}
