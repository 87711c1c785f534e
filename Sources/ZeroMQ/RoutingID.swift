/// The address of one connection of a ROUTER. It says where to send, never who is there.
public struct RoutingID: Hashable, Sendable, CustomStringConvertible {
    /// The most bytes one has.
    public static let maximumBytes = 255

    /// The bytes as ZeroMQ gave them, 1 to 255.
    public let bytes: [UInt8]

    /// The bytes of a received frame; nil when there are none or more than ``maximumBytes``.
    public init?(_ bytes: [UInt8]) {
        guard (1...Self.maximumBytes).contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// Hexadecimal.
    public var description: String {
        var text = ""
        for byte in bytes {
            if byte < 16 { text.append("0") }
            text.append(String(byte, radix: 16))
        }
        return text
    }
}
