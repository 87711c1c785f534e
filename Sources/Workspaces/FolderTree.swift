import Foundation
import Glibc

/// Folders that tasks have written in: taken away whatever their modes are, and never through a link.
enum FolderTree {
    /// Deletes what is in `path` and leaves the folder itself, in which a process may stand.
    static func empty(_ path: String) throws(WorkspaceError) {
        _ = chmod(path, 0o700)
        guard let folder = opendir(path) else { throw trouble(path) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix(while: { $0 != 0 }), as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(folder)
        for name in names { try remove(path + "/" + name) }
    }

    /// Deletes it, if it is there.
    static func remove(_ path: String) throws(WorkspaceError) {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw trouble(path)
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 || errno == ENOENT else { throw trouble(path) }
            return
        }
        try empty(path)
        guard rmdir(path) == 0 || errno == ENOENT else { throw trouble(path) }
    }

    static func make(_ path: String) throws(WorkspaceError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw WorkspaceError(.trouble, "the folder \(path) can't be made: \(error.localizedDescription)")
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func names(in path: String) -> [String] {
        // What is not there holds nothing.
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private static func trouble(_ path: String) -> WorkspaceError {
        WorkspaceError(.trouble, "\(path) can't be cleared away: \(String(cString: strerror(errno)))")
    }
}
