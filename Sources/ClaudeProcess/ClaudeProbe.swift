import GuardedProcess
import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whether a path is Claude Code at all, asked before anything leans on it.
public enum ClaudeProbe {
    /// What is wrong with the path, in a sentence.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// One sentence: what is wrong, and what to do.
        public let description: String
    }

    /// How long `--version` may take: a cold start from a slow disk is some seconds.
    public static let timeLimit: Duration = .seconds(20)
    /// What it ends its answer with.
    static let signature = "(Claude Code)"

    /// The version that the program at `path` gives, such as `2.1.330`.
    ///
    /// - Throws: ``Failure``.
    public static func check(path: String) async throws -> String {
        try await check(path: path, within: timeLimit)
    }

    static func check(path: String, within limit: Duration) async throws -> String {
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw Failure(
                description: "there is no Claude Code at \(path): install it, or say where it is with --claude PATH")
        }
        guard info.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
            throw Failure(
                description: "\(path) cannot be executed: make it executable, or name another with --claude PATH")
        }
        guard let answer = try await answer(of: path, within: limit) else {
            throw Failure(
                description:
                    "\(path) --version did not answer within \(limit): it is not Claude Code, or the machine is stuck")
        }
        guard let version = answer.split(whereSeparator: { $0 == " " || $0 == "\n" }).first, answer.contains(signature)
        else {
            // One line of it: a program that prints pages of licence is still told in a sentence.
            let line = answer.split(separator: "\n").first ?? ""
            throw Failure(description: "\(path) does not answer as Claude Code: --version prints “\(line.prefix(100))”")
        }
        return String(version)
    }

    /// What `--version` prints; nil when it takes too long, in which case it has been killed.
    private static func answer(of path: String, within limit: Duration) async throws -> String? {
        PipeSignal.ignored
        var options = PlatformOptions()
        options.createSession = true
        let configuration = Configuration(
            executable: .path(.init(path)), arguments: ["--version"],
            environment: .custom([
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "DISABLE_AUTOUPDATER": "1",
            ]),
            platformOptions: options)
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    return try await run(configuration, output: .string(limit: 64 * 1024), error: .discarded)
                        .standardOutput
                } catch is CancellationError {
                    return nil
                } catch {
                    if Task.isCancelled { return nil }
                    throw Failure(description: "\(path) --version cannot be run: \(error)")
                }
            }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch {}  // Cancelled: the answer has come.
                return nil
            }
            let first = try await group.next() ?? nil
            // Cancelling the run kills the process.
            group.cancelAll()
            return first
        }
    }
}
