/// The file that keeps other users of a machine out while everything listens on loopback: one CURVE secret key that only
/// its owner can read. The coordinator, the agents and the clients of one user all use this pair, each as its own key and
/// its public half as the server's; the coordinator admits that one key. Peers on other hosts know the public half alone.
public enum LoopbackSecret {
    /// The path that programs of this environment share: `CCO_SECRET_FILE`, else one below `HOME`; nil without either.
    public static func defaultPath(environment: [String: String]) -> String? {
        if let path = environment["CCO_SECRET_FILE"], !path.isEmpty { return path }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return home + "/.local/state/cc-orchestrator/loopback.secret"
    }

    /// Reads the pair, or makes the file when there is none; programs that start together all end with the same pair.
    /// - Throws: ``ZeroMQError`` with code `secretFile` when the file is not a regular one, is another user's, can be
    ///   read by others, holds something else, or cannot be made.
    public static func loadOrCreate(path: String) throws -> CurveKeyPair {
        if let keys = try load(path) { return keys }
        let text = try CurveKeyPair.generate().secretZ85 + "\n"
        do {
            try PrivateFile.write(Array(text.utf8), to: path, replacing: false)
        } catch {
            throw failure(path, error.text)
        }
        guard let keys = try load(path) else {
            throw failure(path, "was removed while it was made: start again")
        }
        return keys
    }

    /// The pair in the file; nil when there is no file.
    static func load(_ path: String) throws -> CurveKeyPair? {
        let bytes: [UInt8]?
        do { bytes = try PrivateFile.read(path, atMost: Z85.textBytes + 2) } catch { throw failure(path, error.text) }
        guard var text = bytes else { return nil }
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        do {
            return try CurveKeyPair(secretZ85: String(decoding: text, as: UTF8.self))
        } catch {
            throw failure(
                path, "does not hold a secret key: remove it, so that a new one is made, and restart all programs")
        }
    }

    private static func failure(_ path: String, _ problem: String) -> ZeroMQError {
        ZeroMQError(.secretFile, "the secret file \(path) \(problem)")
    }
}
