import Foundation
import Glibc
import Synchronization
import SystemShims

/// A child process with its input from nowhere, started with `posix_spawn`.
///
/// Foundation's `Process` is not used: while it lists the descriptors it has open, it copies 256 bytes of each directory entry, also of one
/// at the end of its memory (swift-corelibs-foundation #5472), and a test that has a thousand descriptors open dies of it now and then.
public final class SpawnedProcess: Sendable {
    /// Its process number: valid while ``isRunning``.
    public let pid: Int32
    private let ending = Ending()

    /// How it ended, once it has.
    private final class Ending: Sendable {
        let code = Mutex<Int32?>(nil)
        let group = DispatchGroup()
    }

    /// Starts the program at `path`.
    ///
    /// - Parameters:
    ///   - environment: All of its environment.
    ///   - directory: Where it stands; this process's own when there is none.
    ///   - output: The descriptor of its standard output; none for /dev/null.
    ///   - errors: The descriptor of its standard error; none for /dev/null.
    /// - Throws: ``SceneError`` when it can't be started.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String], directory: String? = nil,
        output: Int32? = nil, errors: Int32? = nil
    ) throws {
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let values = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + values { free(word) } }
        var pid: pid_t = 0
        guard cco_spawn(path, words, values, directory, output ?? -1, errors ?? -1, &pid) == 0 else {
            throw SceneError("\(path) can't be started: \(String(cString: strerror(errno)))")
        }
        self.pid = pid
        ending.group.enter()
        Thread.detachNewThread { [ending, pid] in
            // The pid stays taken until it is known under the lock that the process has ended: no signal meets another one.
            var info = siginfo_t()
            while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            ending.code.withLock { code in
                var status: Int32 = 0
                var reaped = waitpid(pid, &status, 0)
                while reaped < 0, errno == EINTR { reaped = waitpid(pid, &status, 0) }
                guard reaped == pid else {
                    code = Self.unknownEnd
                    return
                }
                let signal = status & 0x7F
                code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            }
            ending.group.leave()
        }
    }

    /// The code where somebody else took the process's end away: never that of a success.
    private static let unknownEnd: Int32 = -1

    /// The exit code, or 128 and the signal's number; nil while it runs.
    public var code: Int32? { ending.code.withLock { $0 } }

    /// Whether it has not ended yet.
    public var isRunning: Bool { code == nil }

    /// Sends a signal; nothing happens when it has ended.
    public func signal(_ number: Int32) { ending.code.withLock { if $0 == nil { kill(pid, number) } } }

    /// Blocks the thread until it has ended.
    ///
    /// - Returns: ``code``.
    public func wait() -> Int32 {
        ending.group.wait()
        return code ?? Self.unknownEnd
    }

    /// Runs a few lines of shell to their end, with `$1` and on from `arguments`.
    ///
    /// - Returns: the exit code.
    public static func shell(
        _ script: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil
    ) throws -> Int32 {
        let own = ["PATH": "/usr/bin:/bin"]
        return try SpawnedProcess(
            "/bin/sh", ["-ec", script, "sh"] + arguments, environment: own.merging(environment) { $1 },
            directory: directory, output: STDOUT_FILENO, errors: STDERR_FILENO
        ).wait()
    }
}
