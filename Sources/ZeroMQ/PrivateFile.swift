import Glibc

/// Small files that only their owner may read: keys, and the list of those that are let in.
public enum PrivateFile {
    /// What is wrong with a file, as the rest of a sentence that began with its name.
    public struct Problem: Error, Hashable, Sendable {
        /// Such as `is a symbolic link: …`.
        public var text: String

        /// A problem in words.
        public init(_ text: String) { self.text = text }
    }

    /// The bytes of a regular file of this user's that nobody else can read or change; nil when there is none.
    ///
    /// - Parameter limit: a longer file is a problem.
    /// - Throws: ``Problem``.
    public static func read(_ path: String, atMost limit: Int) throws(Problem) -> [UInt8]? {
        // Without O_NONBLOCK a named pipe would hold us for ever.
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file != -1 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP: throw Problem("is a symbolic link: remove it, or name the file itself")
            case let number: throw Problem("cannot be read: \(ZeroMQError.text(number))")
            }
        }
        defer { close(file) }
        try check(file)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == -1, errno == EINTR { continue }
            guard count >= 0 else { throw Problem("cannot be read: \(ZeroMQError.text(errno))") }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { throw Problem("is longer than \(limit) bytes") }
        }
    }

    private static func check(_ file: Int32) throws(Problem) {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Problem("cannot be read: \(ZeroMQError.text(errno))") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Problem("is not a regular file: remove it, or name another")
        }
        guard status.st_uid == geteuid() else {
            throw Problem("belongs to user \(status.st_uid), not to user \(geteuid()): name a file of your own")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw Problem(
                "can be read or changed by others (mode \(mode)): chmod 600 it, and if it holds a key make a new one")
        }
    }

    /// Makes a file whole or not at all, with mode 0600, on disk when it returns.
    ///
    /// - Parameter replacing: whether one that is there gives way; else it stays, and the answer is false.
    /// - Throws: ``Problem``.
    @discardableResult
    public static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws(Problem) -> Bool {
        try makeDirectories(for: path)
        let temporary = "\(path).\(getpid()).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file != -1 else { throw Problem("cannot be made: \(ZeroMQError.text(errno))") }
        defer { unlink(temporary) }
        do {
            defer { close(file) }
            // These are below what a file system writes in parts; a short write means that it is full.
            guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
                throw Problem("cannot be written: \(ZeroMQError.text(errno)); make room on the disk")
            }
        }
        if replacing {
            guard rename(temporary, path) == 0 else { throw Problem("cannot be made: \(ZeroMQError.text(errno))") }
        } else if link(temporary, path) != 0 {
            guard errno == EEXIST else { throw Problem("cannot be made: \(ZeroMQError.text(errno))") }
            return false
        }
        try syncDirectory(of: path)
        return true
    }

    /// Makes the folders that a file's path names, with mode 0700; those that are there stay.
    ///
    /// - Throws: ``Problem``.
    public static func makeDirectories(for path: String) throws(Problem) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        var directory = path.hasPrefix("/") ? "" : "."
        for part in parts {
            directory += "/" + part
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST || access(directory, F_OK) == 0 else {
                throw Problem("cannot be made: \(directory): \(ZeroMQError.text(errno))")
            }
        }
    }

    private static func syncDirectory(of path: String) throws(Problem) {
        let name = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory != -1 else { throw Problem("cannot be made: \(ZeroMQError.text(errno))") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Problem("cannot be written: \(ZeroMQError.text(errno))") }
    }
}
