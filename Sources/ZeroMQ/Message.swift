import CZeroMQ
import Glibc

/// One received frame, in the library's own memory.
///
/// ``Incoming`` uses a message again for the next frame once nobody else holds it, so keeping one is safe and costs an allocation.
public final class Message {
    // zmq_msg_t must not move while the library knows its address, so it lives on the heap.
    let raw: UnsafeMutablePointer<zmq_msg_t>

    init() {
        raw = .allocate(capacity: 1)
        zmq_msg_init(raw)
    }

    deinit {
        zmq_msg_close(raw)
        raw.deallocate()
    }

    /// The frame's size in bytes.
    public var count: Int { zmq_msg_size(raw) }

    /// Whether more frames of the same message follow.
    public var more: Bool { zmq_msg_more(raw) != 0 }

    /// The bytes, without a copy; the buffer is valid only inside `body`.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: count))
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// Who sent it: the User-Id that the ``ZAPHandler`` gave the connection's key; nil without one.
    public var userID: String? { property("User-Id") }

    /// The sender's IP address.
    public var peerAddress: String? { property("Peer-Address") }

    private func property(_ name: String) -> String? {
        guard let text = zmq_msg_gets(raw, name) else { return nil }
        return String(cString: text)
    }
}

/// The frames of one received message; keep one and pass it to every ``Socket/receive(into:)``, so that nothing is allocated.
public struct Incoming {
    /// Frames kept of one message; the rest is read and dropped, and ``isTruncated`` says so.
    public static let maximumFrames = 16

    /// The frames, first to last. From a ROUTER the first is the sender's ``routingID``.
    public private(set) var frames: [Message] = []
    /// Whether the message had more than ``maximumFrames``.
    public private(set) var isTruncated = false
    private var spares: [Message] = []

    /// Holds nothing yet.
    public init() {}

    /// The first frame as an address; nil when it cannot be one.
    public var routingID: RoutingID? {
        guard let first = frames.first else { return nil }
        return RoutingID(first.bytes)
    }

    /// The last frame.
    public var payload: Message? { frames.last }

    /// The sender's User-Id; nil without one.
    public var userID: String? { frames.last?.userID }

    mutating func clear() {
        isTruncated = false
        while let message = frames.popLast() { spares.append(message) }
    }

    /// An empty place for the next frame.
    mutating func next() -> Message {
        if frames.count == Self.maximumFrames {
            isTruncated = true
            return Message()
        }
        var message = spares.popLast() ?? Message()
        if !isKnownUniquelyReferenced(&message) { message = Message() }
        frames.append(message)
        return message
    }

    /// Takes back the place that nothing came for.
    mutating func dropLast() {
        if let message = frames.popLast() { spares.append(message) }
    }
}
