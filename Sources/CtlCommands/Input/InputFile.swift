import Foundation

/// Reads what a flag names whole: a file, or standard input as `-`.
enum InputFile {
    /// What is kept in memory of one file: job files, schemas, JSON lines whose tasks wait for each other.
    static let bytesAtMost = 256 * 1024 * 1024

    /// - Throws: ``UsageError`` with the system's reason if it can't be read.
    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(title(path), errno) }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let count = piece.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(title(path), errno) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            try check(bytes.count, title(path))
        }
    }

    /// - Throws: ``UsageError`` above ``bytesAtMost``.
    static func check(_ bytes: Int, _ title: String) throws {
        guard bytes <= bytesAtMost else {
            throw UsageError("\(title) is over the limit of \(bytesAtMost) bytes for a file that is kept in memory")
        }
    }

    /// How sentences name it.
    static func title(_ path: String) -> String { path == "-" ? "standard input" : path }

    /// The system's reason in words.
    static func unreadable(_ title: String, _ code: Int32) -> UsageError {
        let reason =
            switch code {
            case ENOENT: "there is no such file"
            case EACCES: "permission denied"
            default: String(cString: strerror(code))
            }
        return UsageError("cannot read \(title): \(reason)")
    }
}
