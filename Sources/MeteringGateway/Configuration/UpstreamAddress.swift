import Foundation

/// A base URL that was looked at: what is forwarded gets its path and query behind it.
struct UpstreamAddress: Hashable, Sendable {
    let isSecure: Bool
    let host: String
    let port: Int
    /// Scheme, host, port and path, without a slash at its end.
    let base: String

    /// - Throws: ``GatewayConfigurationError`` for what is no plain http or https address.
    init(_ text: String, of service: String) throws {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty
        else {
            throw GatewayConfigurationError(
                "The base URL of \(service) is no http or https address: write it as https://api.example.com.")
        }
        guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
            throw GatewayConfigurationError(
                "The base URL of \(service) holds a user, a query or a fragment: give scheme, host, port and path alone."
            )
        }
        isSecure = scheme == "https"
        // Foundation keeps the brackets of an IPv6 address.
        self.host = host.trimmingCharacters(in: ["[", "]"]).lowercased()
        port = parts.port ?? (isSecure ? 443 : 80)
        var base = text
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }
}
