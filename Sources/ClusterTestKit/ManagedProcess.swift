import Foundation
import Synchronization

/// A program that a scene started; it is ended by its pid and nothing else is.
public final class ManagedProcess: Sendable {
    /// What the scene calls it; its log is named so too.
    public let name: String
    /// Its process number: valid while ``isRunning``.
    public let pid: Int32
    /// Standard output and standard error, appended.
    public let log: String
    private let process: SpawnedProcess

    /// Starts a program with its output going to `<scratch>/log/<name>.log`.
    public init(_ bench: Workbench, name: String, program: String, _ arguments: [String], environment: [String: String])
        throws
    {
        self.name = name
        log = bench.scratch + "/log/" + name + ".log"
        guard FileManager.default.fileExists(atPath: log) || FileManager.default.createFile(atPath: log, contents: nil),
            let output = FileHandle(forWritingAtPath: log)
        else { throw SceneError("\(log) can't be written") }
        try output.seekToEnd()
        process = try SpawnedProcess(
            bench.program(program), arguments, environment: environment, directory: bench.scratch,
            output: output.fileDescriptor, errors: output.fileDescriptor)
        pid = process.pid
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { process.isRunning }

    /// Sends a signal; nothing happens when it has ended.
    public func signal(_ number: Int32) { process.signal(number) }

    /// Waits for its end.
    ///
    /// - Returns: the exit code, or 128 and the signal's number.
    public func ended(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await eventually("\(name) to end", within: limit) { !self.isRunning }
        return process.wait()
    }

    /// SIGKILL, and waits until it is gone.
    public func killNow() async throws {
        signal(SIGKILL)
        _ = try await ended(within: .seconds(10))
    }

    /// SIGTERM, and waits; SIGKILL after the limit.
    public func stop(within limit: Duration = .seconds(20)) async {
        signal(SIGTERM)
        do {
            _ = try await ended(within: limit)
        } catch {
            signal(SIGKILL)
        }
    }

    /// The last lines it wrote.
    public func logTail(_ lines: Int = 20) -> String {
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "(\(log) can't be read)" }
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}

/// Asks until it is so. What it waits for lies in another process, where no signal of ours can be raised; the pause is short and the wait
/// bounded.
public func eventually(
    _ what: String, within limit: Duration, isolation: isolated (any Actor)? = #isolation,
    _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < end else { throw SceneError("waited \(limit) in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
