import Foundation

/// A slot's own folders below the state directory. Two processes that share a config directory corrupt it.
struct SlotDirectory: Sendable {
    let config: String
    /// Where tasks work that name no directory.
    let work: String

    init(state: String, slot: Int) {
        config = "\(state)/slots/\(slot)/config"
        work = "\(state)/slots/\(slot)/work"
    }

    /// Makes both anew for a launch: no instance of this slot lives now, and none finds anything of the ones before it.
    func make() throws {
        if FileManager.default.fileExists(atPath: config) { try FileManager.default.removeItem(atPath: config) }
        try FileManager.default.createDirectory(
            atPath: config, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Self.makeEmpty(work)
    }

    /// A folder with nothing in it, whatever was there.
    static func makeEmpty(_ path: String) throws {
        if isEmpty(path) { return }
        if FileManager.default.fileExists(atPath: path) {
            do {
                return try empty(path)
            } catch {
                // What a task left and nobody may delete (another user's files) must not stop every task after it.
                try FileManager.default.moveItem(atPath: path, toPath: "\(path).left-\(UInt64.random(in: 0 ... .max))")
            }
        }
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Whether it is a folder with nothing in it; asked the system directly, since most commands leave nothing.
    private static func isEmpty(_ path: String) -> Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        // Two are always there: the folder itself and the one above it.
        for _ in 0..<2 where readdir(folder) == nil { return false }
        return readdir(folder) == nil
    }

    /// A task finds nothing of the one before it.
    func emptyWork() throws { try Self.empty(work) }

    private static func empty(_ path: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }
}
