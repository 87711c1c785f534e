import ClusterModel
import Foundation

@testable import Settings

/// Surroundings of a test: nothing of this machine comes in.
func context(_ environment: [String: String] = [:], in folder: String = "/srv") -> SettingsContext {
    SettingsContext(
        environment: ["HOME": "/home/ann"].merging(environment) { $1 }, workingDirectory: folder, hostName: "builder-1")
}

/// A folder that goes away with the test.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // A leftover folder fails no test.

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try write(name, bytes: Array(text.utf8))
    }

    @discardableResult
    func write(_ name: String, bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// A folder for PATH that holds an executable `claude`.
    func folderWithClaude() throws -> String {
        let file = try write("claude", "#!/bin/sh\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return path
    }
}

/// The sentence that a piece of settings work fails with; nil if it does not fail.
func sentence(_ work: () throws(SettingsError) -> Void) -> String? {
    do {
        try work()
        return nil
    } catch {
        return error.description
    }
}

/// The sentence that a file's content fails with.
func sentence(yaml: String, _ program: SettingsProgram = .agent) -> String? {
    sentence { () throws(SettingsError) in
        _ = try ConfigFile(path: "agent.yaml", bytes: Array(yaml.utf8), program: program)
    }
}
