import Crypto
import Foundation

/// Where a repository is: what may be asked for, and by which of git's transports it is reached.
public struct RepositoryAddress: Hashable, Sendable {
    /// As git is told.
    public let text: String
    /// The only transport that git may use for it.
    let transport: String

    private static let schemes = ["https", "http", "ssh", "git", "file"]

    /// - Throws: ``WorkspaceError`` for what is no address, names a transport that runs commands, or holds a password.
    public init(_ text: String) throws(WorkspaceError) {
        let isClean = text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F } || text.hasPrefix("/")
        guard !text.isEmpty, !text.hasPrefix("-"), isClean, !text.contains("\0"), !text.contains("\n") else {
            throw WorkspaceError(.refused, "\"\(text.prefix(200))\" is no repository: give a URL or an absolute path")
        }
        self.text = text
        if text.hasPrefix("/") {
            transport = "file"
        } else if let scheme = text.range(of: "://") {
            let name = String(text[..<scheme.lowerBound])
            guard Self.schemes.contains(name) else {
                throw WorkspaceError(
                    .refused,
                    "repositories are reached by \(Self.schemes.joined(separator: ", ")) or a path, not by \(name.prefix(32))"
                )
            }
            let authority = text[scheme.upperBound...].prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") {
                throw WorkspaceError(
                    .refused, "a repository's URL may hold no password: it would be shown and stored; use a key")
            }
            transport = name
        } else if let colon = text.firstIndex(of: ":"), !text.contains("::"), text[..<colon].contains("@"),
            !text[..<colon].contains("/")
        {
            transport = "ssh"
        } else {
            throw WorkspaceError(
                .refused, "\"\(text.prefix(200))\" is no repository: give a URL or an absolute path")
        }
    }

    /// A path on this host, when it is one.
    public var path: String? { text.hasPrefix("/") ? text : nil }

    /// The name of its folder here: readable, and another for each address.
    public var folder: String {
        let hash = SHA256.hash(data: Data(text.utf8)).prefix(8).map { String(format: "%02x", $0) }.joined()
        var name = text.split(separator: "/").last.map(String.init) ?? "repository"
        if name.hasSuffix(".git") { name.removeLast(4) }
        let kept = name.unicodeScalars.filter { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) }
        return "\(String(String.UnicodeScalarView(kept.prefix(24))))-\(hash)"
    }
}
