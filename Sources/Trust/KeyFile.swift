import ZeroMQ

/// One peer's own key with the coordinator's public one: what a host other than the coordinator's needs in order to connect.
///
///     role agent
///     name east
///     secret {40 characters}
///     server {40 characters}
public struct KeyFile: Hashable, Sendable {
    /// A key file holds no more.
    static let bytesAtMost = 4096

    /// Who its holder is; the coordinator's list decides, this only says what it was made for.
    public var peer: Peer
    /// The holder's pair.
    public var keys: CurveKeyPair
    /// Who the coordinator must prove to be.
    public var server: CurvePublicKey

    /// A key as given.
    public init(peer: Peer, keys: CurveKeyPair, server: CurvePublicKey) {
        self.peer = peer
        self.keys = keys
        self.server = server
    }

    /// The file's text.
    var text: String {
        """
        # A key of cc-orchestrator. Whoever can read this file is \(peer.name): keep it at mode 0600.
        role \(peer.role.rawValue)
        name \(peer.name)
        secret \(keys.secretZ85)
        server \(server.z85)

        """
    }

    /// Reads a file.
    ///
    /// - Throws: ``TrustError`` when it is not there, open to others, or not a key file.
    public static func load(_ path: String) throws(TrustError) -> KeyFile {
        let bytes: [UInt8]?
        do { bytes = try PrivateFile.read(path, atMost: bytesAtMost) } catch {
            throw TrustError("the key file \(path) \(error.text)")
        }
        guard let bytes else {
            throw TrustError(
                "there is no key file \(path): make it on the coordinator's host with `ccctl keys new`, and copy it here"
            )
        }
        return try parse(String(decoding: bytes, as: UTF8.self), path)
    }

    /// Makes the file; one that is there stays, and is an error.
    ///
    /// - Throws: ``TrustError``.
    public func save(to path: String) throws(TrustError) {
        let isMade: Bool
        do { isMade = try PrivateFile.write(Array(text.utf8), to: path, replacing: false) } catch {
            throw TrustError("the key file \(path) \(error.text)")
        }
        guard isMade else { throw TrustError("\(path) is there already: name another with --file, or remove it") }
    }

    static func parse(_ text: String, _ path: String) throws(TrustError) -> KeyFile {
        var values: [String: String] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(separator: " ")
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            guard words.count == 2, ["role", "name", "secret", "server"].contains(String(name)) else {
                // Not the line itself: it may hold the secret.
                throw TrustError("\(path):\(number + 1): expected role, name, secret or server with one value")
            }
            guard values.updateValue(String(words[1]), forKey: String(name)) == nil else {
                throw TrustError("\(path):\(number + 1): \(name) stands there twice")
            }
        }
        func value(_ name: String) throws(TrustError) -> String {
            guard let value = values[name] else { throw TrustError("\(path) has no \(name): make a new key file") }
            return value
        }
        guard let role = Role(rawValue: try value("role")), Peer.isName(try value("name")) else {
            throw TrustError("\(path) has a role or a name that can't be: make a new key file")
        }
        let (secret, server) = (try value("secret"), try value("server"))
        do {
            return KeyFile(
                peer: Peer(role: role, name: try value("name")), keys: try CurveKeyPair(secretZ85: secret),
                server: try CurvePublicKey(z85: server))
        } catch let error as TrustError {
            throw error
        } catch {
            throw TrustError("\(path) has a secret or a server that is no key: make a new key file")
        }
    }
}
