import CZeroMQ
import Glibc

/// The public half of a CURVE key: who somebody is.
public struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    /// Its 32 bytes.
    public let bytes: [UInt8]

    /// A key from its 32 bytes; nil for another number of them.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Z85.keyBytes else { return nil }
        self.bytes = bytes
    }

    /// A key from its 40 characters of Z85.
    /// - Throws: ``ZeroMQError`` when they are not that.
    public init(z85: String) throws {
        bytes = try Z85.decode(z85, "the public key \(z85.prefix(60))")
    }

    /// The 40 characters of Z85.
    public var z85: String { Z85.encode(bytes) }

    /// The 40 characters of Z85.
    public var description: String { z85 }
}

/// A CURVE key with its secret half, which no description shows.
public struct CurveKeyPair: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The half that others may know.
    public let publicKey: CurvePublicKey
    let secret: [UInt8]

    /// A new random key.
    /// - Throws: ``ZeroMQError`` when the library was built without CURVE.
    public static func generate() throws -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: Z85.textBytes + 1)
        var secretText = publicText
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw ZeroMQError.call("make", "a CURVE key", errno)
        }
        return try CurveKeyPair(secretZ85: Z85.string(secretText))
    }

    /// The pair of a secret key given as 40 characters of Z85; the public half is derived.
    /// - Throws: ``ZeroMQError`` when they are not that.
    public init(secretZ85: String) throws {
        secret = try Z85.decode(secretZ85, "the secret key")
        var publicText = [CChar](repeating: 0, count: Z85.textBytes + 1)
        guard zmq_curve_public(&publicText, secretZ85) == 0 else {
            throw ZeroMQError.call("derive", "a public CURVE key", errno)
        }
        publicKey = try CurvePublicKey(z85: Z85.string(publicText))
    }

    /// The secret as 40 characters of Z85: for its file, never for a log.
    public var secretZ85: String { Z85.encode(secret) }

    /// The public half alone.
    public var description: String { "CurveKeyPair(public: \(publicKey))" }
    /// The public half alone.
    public var debugDescription: String { description }
    /// The public half alone.
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey]) }
}

/// ZeroMQ's printable form of binary keys (RFC 32).
enum Z85 {
    static let keyBytes = 32
    static let textBytes = 40

    static func encode(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: bytes.count / 4 * 5 + 1)
        zmq_z85_encode(&text, bytes, bytes.count)
        return string(text)
    }

    static func decode(_ text: String, _ what: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        guard text.utf8.count == textBytes, text.utf8.allSatisfy({ (33...126).contains($0) }),
            zmq_z85_decode(&bytes, text) != nil
        else {
            throw ZeroMQError(.invalidKey, "\(what) is not a CURVE key: write its \(textBytes) characters of Z85")
        }
        return bytes
    }

    static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
