import Glibc

/// The file that keeps other users of a machine out while everything listens on loopback: one CURVE secret key that only
/// its owner can read. The coordinator, the agents and the clients of one user all use this pair, each as its own key and
/// its public half as the server's; the coordinator admits that one key.
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
        try makeDirectories(for: path)
        try create(path)
        guard let keys = try load(path) else {
            throw failure(path, "was removed while it was made: start again")
        }
        return keys
    }

    /// The pair in the file; nil when there is no file.
    static func load(_ path: String) throws -> CurveKeyPair? {
        // Without O_NONBLOCK a named pipe would hold us for ever.
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file != -1 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw failure(path, "is a symbolic link: remove it, or name the file itself")
            case let number: throw failure(path, "cannot be read: \(ZeroMQError.text(number))")
            }
        }
        defer { close(file) }
        try check(file, path)
        var bytes = [UInt8](repeating: 0, count: Z85.textBytes + 2)
        var count = read(file, &bytes, bytes.count)
        while count == -1 && errno == EINTR { count = read(file, &bytes, bytes.count) }
        guard count >= 0 else { throw failure(path, "cannot be read: \(ZeroMQError.text(errno))") }
        var text = bytes.prefix(count)
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        do {
            return try CurveKeyPair(secretZ85: String(decoding: text, as: UTF8.self))
        } catch {
            throw failure(
                path, "does not hold a secret key: remove it, so that a new one is made, and restart all programs")
        }
    }

    private static func check(_ file: Int32, _ path: String) throws {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(path, "cannot be read: \(ZeroMQError.text(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw failure(path, "is not a regular file: remove it, or name another with CCO_SECRET_FILE")
        }
        guard status.st_uid == geteuid() else {
            throw failure(
                path,
                "belongs to user \(status.st_uid), not to user \(geteuid()): name a file of your own with CCO_SECRET_FILE"
            )
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw failure(path, "can be read or changed by others (mode \(mode)): remove it, so that a new one is made")
        }
    }

    private static func makeDirectories(for path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        var directory = path.hasPrefix("/") ? "" : "."
        for part in parts {
            directory += "/" + part
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST || access(directory, F_OK) == 0 else {
                throw failure(path, "cannot be made: \(directory): \(ZeroMQError.text(errno))")
            }
        }
    }

    /// Makes the file whole or not at all, and never over another program's.
    private static func create(_ path: String) throws {
        let temporary = "\(path).\(getpid()).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file != -1 else { throw failure(path, "cannot be made: \(ZeroMQError.text(errno))") }
        defer { unlink(temporary) }
        do {
            defer { close(file) }
            let text = Array((try CurveKeyPair.generate().secretZ85 + "\n").utf8)
            // A key is far below what a file system writes in parts; a short write means that it is full.
            guard write(file, text, text.count) == text.count, fsync(file) == 0 else {
                throw failure(path, "cannot be written: \(ZeroMQError.text(errno)); make room on the disk")
            }
        }
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw failure(path, "cannot be made: \(ZeroMQError.text(errno))")
        }
        try syncDirectory(of: path)
    }

    private static func syncDirectory(of path: String) throws {
        let name = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory != -1 else { throw failure(path, "cannot be made: \(ZeroMQError.text(errno))") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure(path, "cannot be written: \(ZeroMQError.text(errno))") }
    }

    private static func failure(_ path: String, _ problem: String) -> ZeroMQError {
        ZeroMQError(.secretFile, "the secret file \(path) \(problem)")
    }
}
