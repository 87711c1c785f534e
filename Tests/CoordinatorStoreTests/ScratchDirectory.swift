import Foundation

/// A directory of one test's own, removed with this.
final class ScratchDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // What stays behind is in the system's folder for such things.
        try? FileManager.default.removeItem(atPath: path)
    }
}
