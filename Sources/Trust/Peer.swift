import ZeroMQ

/// Who holds a key.
public struct Peer: Hashable, Sendable {
    /// What the holder may be.
    public var role: Role
    /// 1 to 64 of letters, digits, dot, underscore and dash; an agent's own name.
    public var name: String

    /// A holder as given.
    public init(role: Role, name: String) {
        self.role = role
        self.name = name
    }

    /// Whether a text can be a holder's name.
    public static func isName(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// Something about keys that can't be used: what, where, and what to do.
public struct TrustError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence.
    public var description: String

    /// An error as a sentence.
    public init(_ description: String) { self.description = description }
}
