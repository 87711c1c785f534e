import ZeroMQ

/// Whom a coordinator lets in: one line a key in a file that `ccctl keys` writes and a running coordinator reads again when it changes.
///
///     agent east {40 characters}
///     admin ann {40 characters} revoked
///
/// A name has one key that is not revoked, and no key stands there twice.
public struct AllowedKeys: Hashable, Sendable {
    /// Lines of one file.
    public static let entriesAtMost = 10_000
    /// A file of so many lines is no longer.
    static let bytesAtMost = entriesAtMost * 160

    /// One line.
    public struct Entry: Hashable, Sendable {
        /// Who holds the key.
        public var peer: Peer
        /// Its public half.
        public var key: CurvePublicKey
        /// Shut out again. It stays in the list, so that it can't be let in by mistake.
        public var isRevoked: Bool

        /// A line as given.
        public init(peer: Peer, key: CurvePublicKey, isRevoked: Bool = false) {
            self.peer = peer
            self.key = key
            self.isRevoked = isRevoked
        }
    }

    /// In the order in which they were let in.
    public private(set) var entries: [Entry] = []

    /// Nobody.
    public init() {}

    // MARK: Changes

    /// Lets a key in.
    ///
    /// - Throws: ``TrustError`` for a name or key that is taken, or a full list.
    public mutating func allow(_ peer: Peer, _ key: CurvePublicKey) throws(TrustError) {
        guard Peer.isName(peer.name) else {
            throw TrustError("a key's name is 1 to 64 of letters, digits, dot, underscore and dash")
        }
        if let known = entries.first(where: { $0.key == key }) {
            throw TrustError(
                known.isRevoked
                    ? "this key was revoked (it was \(known.peer.name)'s): make a new one"
                    : "this key is allowed already, as \(known.peer.role.rawValue) \(known.peer.name)")
        }
        if entries.contains(where: { !$0.isRevoked && $0.peer.name == peer.name }) {
            throw TrustError(
                "\(peer.name) has a key already: `ccctl keys revoke \(peer.name)` first, or use another name")
        }
        guard entries.count < Self.entriesAtMost else {
            throw TrustError(
                "the list holds \(Self.entriesAtMost) keys and takes no more: take revoked lines out of it")
        }
        entries.append(Entry(peer: peer, key: key))
    }

    /// Shuts out whoever has this name or this public key.
    ///
    /// - Returns: the line that is revoked now.
    /// - Throws: ``TrustError`` when nobody has it.
    public mutating func revoke(_ nameOrKey: String) throws(TrustError) -> Entry {
        guard
            let place = entries.lastIndex(where: {
                !$0.isRevoked && ($0.peer.name == nameOrKey || $0.key.z85 == nameOrKey)
            })
        else { throw TrustError("no key of that name is allowed: `ccctl keys list` shows them") }
        entries[place].isRevoked = true
        return entries[place]
    }

    // MARK: The file

    /// Its text.
    var text: String {
        var text = "# Whom the coordinator lets in: role, name, public key. `ccctl keys` writes this.\n"
        for entry in entries {
            text +=
                "\(entry.peer.role.rawValue) \(entry.peer.name) \(entry.key.z85)\(entry.isRevoked ? " revoked" : "")\n"
        }
        return text
    }

    /// Reads a file; nobody is let in by one that is not there.
    ///
    /// - Throws: ``TrustError`` naming the line.
    public static func load(_ path: String) throws(TrustError) -> AllowedKeys {
        let bytes: [UInt8]?
        do { bytes = try PrivateFile.read(path, atMost: bytesAtMost) } catch {
            throw TrustError("the list of allowed keys \(path) \(error.text)")
        }
        return try bytes.map { bytes throws(TrustError) in try parse(String(decoding: bytes, as: UTF8.self), path) }
            ?? AllowedKeys()
    }

    /// Changes the file as one step: two who change it at once both succeed.
    ///
    /// - Throws: ``TrustError``, also whatever `change` throws; the file is then as it was.
    public static func edit<Value>(
        _ path: String, _ change: (inout AllowedKeys) throws(TrustError) -> Value
    ) throws(TrustError) -> Value {
        let lock = try FileLock(path + ".lock")
        defer { lock.release() }
        var keys = try load(path)
        let value = try change(&keys)
        do { try PrivateFile.write(Array(keys.text.utf8), to: path, replacing: true) } catch {
            throw TrustError("the list of allowed keys \(path) \(error.text)")
        }
        return value
    }

    static func parse(_ text: String, _ path: String) throws(TrustError) -> AllowedKeys {
        var keys = AllowedKeys()
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(separator: " ")
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func wrong(_ why: String) -> TrustError { TrustError("\(path):\(number + 1): \(why)") }
            guard words.count == 3 || (words.count == 4 && words[3] == "revoked") else {
                throw wrong("expected a role, a name and a key, and perhaps `revoked`")
            }
            guard let role = Role(rawValue: String(first)) else {
                throw wrong(
                    "there is no role \(first.prefix(40)): use one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            guard Peer.isName(words[1]) else { throw wrong("\(words[1].prefix(80)) can't be a name") }
            let key: CurvePublicKey
            do { key = try CurvePublicKey(z85: String(words[2])) } catch { throw wrong("\(error)") }
            let entry = Entry(peer: Peer(role: role, name: String(words[1])), key: key, isRevoked: words.count == 4)
            guard keys.entries.count < entriesAtMost else { throw wrong("more than \(entriesAtMost) keys") }
            keys.entries.append(entry)
        }
        if let twice = Self.repeated(keys.entries.map(\.key.z85)) {
            throw TrustError("\(path): the key \(twice) stands there twice: keep one line")
        }
        if let twice = Self.repeated(keys.entries.filter { !$0.isRevoked }.map(\.peer.name)) {
            throw TrustError("\(path): \(twice) has two keys that are not revoked: revoke one")
        }
        return keys
    }

    private static func repeated(_ texts: [String]) -> String? {
        var seen: Set<String> = []
        return texts.first { !seen.insert($0).inserted }
    }
}
