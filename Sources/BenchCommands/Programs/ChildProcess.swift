import Foundation

/// A program that a measurement started: it is ended by its pid and nothing else is.
final class ChildProcess {
    let name: String
    let pid: pid_t
    private let log: String
    private var status: Int32?

    /// Starts a program with no input and its output appended to the log.
    init(_ name: String, _ command: [String], environment: [String: String], log: String, input: String = "/dev/null")
        throws
    {
        self.name = name
        self.log = log
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // This program's own ways with signals are not its children's.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments = command.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid = pid_t()
        let failure = posix_spawn(&pid, command[0], &actions, &attributes, &arguments, &variables)
        guard failure == 0 else {
            throw BenchError("\(command[0]) cannot be started: \(String(cString: strerror(failure)))")
        }
        self.pid = pid
        LeftOvers.note(process: pid)
    }

    /// Whether it has not ended yet.
    var isRunning: Bool {
        guard status == nil else { return false }
        reap(WNOHANG)
        return status == nil
    }

    /// Throws with the end of its log if it has ended.
    func checkRunning() throws {
        guard !isRunning else { return }
        throw BenchError("\(name) ended with status \(exitCode): \(logEnd())")
    }

    /// The exit code, or 128 and the signal's number; 0 while it runs.
    var exitCode: Int32 {
        guard let status else { return 0 }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// SIGKILL, and waits until it is gone.
    func killNow() {
        guard isRunning else { return }
        kill(pid, SIGKILL)
        reap(0)
    }

    /// SIGTERM, and waits; SIGKILL after the limit.
    func stop(within limit: Duration = .seconds(20)) async throws {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        let end = ContinuousClock.now + limit
        while isRunning {
            guard ContinuousClock.now < end else { return killNow() }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits for its own end.
    func ended() async throws -> Int32 {
        while isRunning { try await Task.sleep(for: .milliseconds(1)) }
        return exitCode
    }

    private func reap(_ options: Int32) {
        var status: Int32 = 0
        var result = waitpid(pid, &status, options)
        while result == -1 && errno == EINTR { result = waitpid(pid, &status, options) }
        guard result != 0 else { return }
        self.status = result == pid ? status : 0
        LeftOvers.forget(process: pid)
    }

    private func logEnd() -> String {
        guard let bytes = FileManager.default.contents(atPath: log) else { return "its log \(log) can't be read" }
        return String(decoding: bytes.suffix(2000), as: UTF8.self)
            .split(separator: "\n").suffix(3).joined(separator: " | ")
    }
}
