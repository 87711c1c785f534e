import Foundation

/// Which proxy leads to which host, as the environment says it.
public struct ProxySettings: Hashable, Sendable {
    /// For `https` addresses; nil: none.
    public var https: String?
    /// For `http` addresses; nil: none.
    public var http: String?
    /// Hosts that are reached without a proxy: names (`example.com` stands for its subdomains too), addresses, `host:port`, or `*`.
    public var exceptions: [String] = []

    /// No proxy.
    public init() {}

    /// As HTTPS_PROXY, HTTP_PROXY and NO_PROXY have it; a lower-case name goes first.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            let value = environment[name.lowercased()] ?? environment[name]
            return value?.isEmpty == false ? value : nil
        }
        https = value("HTTPS_PROXY")
        http = value("HTTP_PROXY")
        exceptions = (value("NO_PROXY") ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }.filter { !$0.isEmpty }
    }

    /// The proxy before `address`; nil: there is none. Loopback never has one.
    ///
    /// - Throws: ``GatewayConfigurationError`` when the proxy's own address can't be used.
    func proxy(for address: UpstreamAddress) throws -> ProxyAddress? {
        guard let text = address.isSecure ? https : http, !isExcepted(address) else { return nil }
        return try ProxyAddress(text)
    }

    private func isExcepted(_ address: UpstreamAddress) -> Bool {
        let host = address.host
        if host == "localhost" || host == "::1" || host.hasPrefix("127.") { return true }
        return exceptions.contains { exception in
            if exception == "*" || exception == host || exception == "\(host):\(address.port)" { return true }
            let suffix = exception.hasPrefix("*") ? String(exception.dropFirst()) : exception
            return host.hasSuffix(suffix.hasPrefix(".") ? suffix : "." + suffix) || "." + host == suffix
        }
    }
}

/// An HTTP proxy's address.
struct ProxyAddress: Hashable, Sendable {
    let host: String
    let port: Int
    let user: String?
    let password: String?

    /// - Throws: ``GatewayConfigurationError``, without the text: it may hold a password.
    init(_ text: String) throws {
        let whole = text.contains("://") ? text : "http://" + text
        guard let parts = URLComponents(string: whole), parts.scheme?.lowercased() == "http", let host = parts.host,
            !host.isEmpty
        else {
            throw GatewayConfigurationError(
                "The proxy of HTTP_PROXY or HTTPS_PROXY can't be used: give it as http://HOST:PORT.")
        }
        self.host = host.trimmingCharacters(in: ["[", "]"])
        port = parts.port ?? 80
        user = parts.user
        password = parts.password
    }
}
