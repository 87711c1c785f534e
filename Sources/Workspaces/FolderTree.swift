import Foundation
import Glibc

/// Folders that tasks have written in: taken away whatever their modes are, and never through a link.
enum FolderTree {
    /// A path as the system has it: a file's name need be no UTF-8.
    private typealias Raw = [CChar]
    /// How often a folder that fills again is emptied, 10 ms apart.
    private static let attemptsAtMost = 100

    /// Deletes what is in `path` and leaves the folder itself, in which a process may stand.
    static func empty(_ path: String) throws(WorkspaceError) { try empty(Raw(path.utf8CString)) }

    /// Deletes it, if it is there.
    static func remove(_ path: String) throws(WorkspaceError) { try remove(Raw(path.utf8CString)) }

    private static func empty(_ path: Raw) throws(WorkspaceError) {
        guard kind(path) == S_IFDIR else {
            throw WorkspaceError(.trouble, "\(text(path)) is no folder: it can't be cleared away")
        }
        _ = chmod(path, 0o700)
        guard let folder = opendir(path) else { throw trouble(path) }
        var names: [ArraySlice<CChar>] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                $0.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
            }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name[...]) }
        }
        closedir(folder)
        for name in names { try remove(path.dropLast() + [0x2F] + name + [0]) }
    }

    private static func remove(_ path: Raw) throws(WorkspaceError) {
        guard let kind = kind(path) else {
            if errno == ENOENT { return }
            throw trouble(path)
        }
        guard kind == S_IFDIR else {
            guard unlink(path) == 0 || errno == ENOENT else { throw trouble(path) }
            return
        }
        // A git that was stopped since it gave too much may still write its last file.
        for attempt in 1... {
            try empty(path)
            if rmdir(path) == 0 || errno == ENOENT { return }
            guard errno == ENOTEMPTY, attempt < attemptsAtMost else { throw trouble(path) }
            usleep(10_000)
        }
    }

    /// Of the path itself, not of what it links to; nil: see `errno`.
    private static func kind(_ path: Raw) -> mode_t? {
        var info = stat()
        return lstat(path, &info) == 0 ? info.st_mode & S_IFMT : nil
    }

    private static func text(_ path: Raw) -> String {
        String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func make(_ path: String) throws(WorkspaceError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw WorkspaceError(.trouble, "the folder \(path) can't be made: \(error.localizedDescription)")
        }
    }

    /// Itself, and no link to one.
    static func isFolder(_ path: String) -> Bool {
        kind(Raw(path.utf8CString)) == S_IFDIR
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func names(in path: String) -> [String] {
        // What is not there holds nothing.
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private static func trouble(_ path: Raw) -> WorkspaceError {
        WorkspaceError(.trouble, "\(text(path)) can't be cleared away: \(String(cString: strerror(errno)))")
    }
}
