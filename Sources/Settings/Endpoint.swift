/// A host and a port of TCP.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A name, an IPv4 address, `*` for all interfaces, or an IPv6 address without its brackets.
    public var host: String
    /// 0 asks the system for a free one.
    public var port: UInt16

    /// An endpoint as given.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `tcp://HOST:PORT`; nil if it is not one. An IPv6 address stands in brackets; the port may be `*`.
    public init?(tcp text: String) {
        guard text.hasPrefix("tcp://") else { return nil }
        self.init(hostAndPort: text.dropFirst("tcp://".count))
    }

    /// Reads `HOST:PORT`; nil if it is not one.
    public init?(hostAndPort text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        let port = text[text.index(after: colon)...]
        guard port == "*" || (!port.isEmpty && port.utf8.allSatisfy { (0x30...0x39).contains($0) }) else { return nil }
        guard let number = port == "*" ? 0 : UInt16(port) else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 {
            let address = host.dropFirst().dropLast()
            guard address.contains(":"), address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                return nil
            }
            self.init(host: String(address), port: number)
        } else {
            let isName =
                !host.isEmpty
                && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
            guard host == "*" || isName else { return nil }
            self.init(host: String(host), port: number)
        }
    }

    /// True for 127.0.0.0/8, `localhost` and `::1`: nothing that is sent there leaves this host.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.count <= 3 && part.allSatisfy { $0.isASCII && $0.isNumber } && UInt8(part) != nil
            }
    }

    /// `HOST:PORT`, IPv6 in brackets, a free port as 0.
    public var hostAndPort: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// `tcp://HOST:PORT`, as ZeroMQ takes it; a free port as `*`.
    public var description: String {
        port == 0 ? "tcp://\(hostAndPort.dropLast())*" : "tcp://\(hostAndPort)"
    }
}
