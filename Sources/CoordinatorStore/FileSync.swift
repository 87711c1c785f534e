import Foundation
import Glibc

/// Puts files on disk.
enum FileSync {
    /// A file's name is on disk only when its folder is.
    static func directory(_ path: String) throws { try sync(path, O_RDONLY | O_DIRECTORY) }

    static func file(_ path: String) throws { try sync(path, O_RDONLY) }

    /// The folder that a path lies in; the current one where the path names none.
    static func parent(_ path: String) -> String {
        let parent = (path as NSString).deletingLastPathComponent
        return parent.isEmpty ? "." : parent
    }

    /// Without slashes at its end, so that something may be added to its name.
    static func name(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    static func size(_ path: String) throws -> UInt64 {
        var info = stat()
        guard stat(path, &info) == 0 else { throw StoreError.from(errno: errno, path: path) }
        return UInt64(info.st_size)
    }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.from(errno: errno, path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.from(errno: errno, path: path) }
    }
}
