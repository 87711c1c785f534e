import ClaudeProcess
import ClusterModel
import Foundation
import Logging
import Subprocess
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

extension Scratch {
    /// The process ids in a file, one a line; none before it is written.
    func numbers(in file: String) -> [Int32] {
        let text = (try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { Int32($0) }
    }
}

/// A child that runs while its test does other things. Nothing here blocks a thread: two cores have only two to share.
struct Spawned: Sendable {
    struct End: Sendable {
        /// 1000 + the signal's number when one ended it.
        var exitCode: Int32
        var errors: String
    }

    let pid: Int32
    private let task: Task<End, any Error>

    init(_ program: String, _ arguments: [String]) async throws {
        let (pids, started) = AsyncStream.makeStream(of: Int32.self)
        task = Task {
            defer { started.finish() }
            let configuration = Configuration(
                executable: .path(.init(program)), arguments: Arguments(arguments),
                environment: .custom(["PATH": "/usr/bin:/bin"]))
            let result = try await run(
                configuration, input: .none, output: .discarded, error: .string(limit: 64 * 1024)
            ) { execution in
                _ = started.yield(execution.processIdentifier.value)
            }
            switch result.terminationStatus {
            case .exited(let code): return End(exitCode: code, errors: result.standardError)
            case .signaled(let signal): return End(exitCode: 1000 + signal, errors: result.standardError)
            }
        }
        var iterator = pids.makeAsyncIterator()
        pid = try #require(await iterator.next())
    }

    /// How it ended; the time limit of the suite bounds the wait.
    var end: End {
        get async {
            do { return try await task.value } catch { return End(exitCode: -1, errors: "\(error)") }
        }
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
