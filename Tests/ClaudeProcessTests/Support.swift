import ClaudeProcess
import ClusterModel
import Foundation
import Logging
import Testing

/// A directory that goes with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("claude-process-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // A leftover in the temporary directory fails nothing.
        try? FileManager.default.removeItem(atPath: path)
    }

    func script(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }

    func directory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }
}

/// cc-guard as it was built: beside the test's own program.
let builtGuard: String = {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return program.deletingLastPathComponent().appendingPathComponent("cc-guard").path
}()

/// Looks until `condition` holds; false when it does not within `seconds`.
func eventually(within seconds: Double, _ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if condition() { return true }
        do { try await Task.sleep(for: .milliseconds(5)) } catch { return false }
    }
    return condition()
}

/// Whether a process runs. One that has ended and waits for its parent does not.
func isAlive(_ pid: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }  // gone
    return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}

let testLogger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

extension LaunchPlan {
    /// For a stand-in: `claude` is a script.
    static func standIn(
        _ claude: String, in scratch: Scratch, options: TaskOptions = TaskOptions(), marker: String = UUID().uuidString
    ) throws -> LaunchPlan {
        LaunchPlan(
            options: options, claudePath: claude, guardPath: builtGuard, marker: marker,
            directory: try scratch.directory("work"),
            configDirectory: try scratch.directory("config"),
            environment: ["PATH": "/usr/bin:/bin", "HOME": scratch.path, "TERM": "dumb"], guardGrace: 500)
    }
}
