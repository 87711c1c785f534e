import Foundation

/// A folder of its own for one test.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "trust-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // The system's temporary folder is emptied by others too: what is left there harms nobody.
        do { try FileManager.default.removeItem(atPath: path) } catch { print("\(path) is left: \(error)") }
    }

    func write(_ text: String, mode: Int = 0o600) throws -> String {
        let file = path + "/file-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}
