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

    func make() throws {
        for path in [config, work] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    /// A task finds nothing of the one before it.
    func emptyWork() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: work) {
            try FileManager.default.removeItem(atPath: work + "/" + name)
        }
    }
}
