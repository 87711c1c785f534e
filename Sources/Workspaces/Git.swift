import ClusterModel
import Foundation
import Glibc
import Subprocess

/// Runs git so that nothing of a user's or a repository's own settings is carried out: no prompts, no hooks, no helpers, no editor.
public struct Git: Sendable {
    /// What git printed, and how it ended.
    public struct Output: Sendable {
        /// Standard output.
        public var bytes: [UInt8]
        /// Standard error.
        public var errors: String
        /// Whether it exited with 0.
        public var succeeded: Bool

        /// Standard output, without white space around it.
        public var text: String {
            String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// What is printed at the most where a command's output is not the point.
    static let chatter = 1 << 20

    private let environment: [String: String]

    /// For an agent: with no settings but those in `configuration`, a file that ``settings`` is written to.
    init(configuration: String, home: String, own: [String: String]) {
        var values = [
            "PATH": own["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": configuration, "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "/bin/false", "SSH_ASKPASS": "/bin/false", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "GIT_EDITOR": "/bin/false", "GIT_ATTR_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_AUTHOR_NAME": "cc-orchestrator", "GIT_AUTHOR_EMAIL": "cc-orchestrator@localhost",
            "GIT_COMMITTER_NAME": "cc-orchestrator", "GIT_COMMITTER_EMAIL": "cc-orchestrator@localhost",
        ]
        if let socket = own["SSH_AUTH_SOCK"] { values["SSH_AUTH_SOCK"] = socket }
        environment = values
    }

    /// For a person's own repository: their settings hold, but nothing prompts.
    public init(user: [String: String]) {
        var values = user.filter { !$0.key.hasPrefix("GIT_") || $0.key.hasPrefix("GIT_CONFIG_") }
        values["GIT_TERMINAL_PROMPT"] = "0"
        values["GIT_EDITOR"] = "/bin/false"
        values["LC_ALL"] = "C"
        environment = values
    }

    /// What an agent's git is told for all of its repositories.
    static let settings = """
        [core]
        \thooksPath = /dev/null
        \tfsmonitor = false
        \tautocrlf = false
        [safe]
        \tdirectory = *
        [gc]
        \tauto = 0
        [maintenance]
        \tauto = false
        [advice]
        \tdetachedHead = false
        [protocol]
        \tallow = never

        """

    /// Runs one command and gives what came of it, whatever its exit code.
    ///
    /// - Throws: ``WorkspaceError`` when it can't be run, takes too long, or prints more than `limit`.
    public func run(
        _ arguments: [String], in directory: String, with more: [String: String] = [:], limit: Int = 1 << 20,
        within time: Milliseconds = .seconds(120)
    ) async throws -> Output {
        let options = ["-c", "core.sparseCheckout=false"] + arguments
        var values: [Environment.Key: String] = [:]
        for (key, value) in environment.merging(more, uniquingKeysWith: { $1 }) {
            values[.init(stringLiteral: key)] = value
        }
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let configuration = Configuration(
            executable: .name("git"), arguments: Arguments(options), environment: .custom(values),
            workingDirectory: .init(directory), platformOptions: platform)
        let verb = arguments.first { !$0.hasPrefix("-") && !$0.contains("=") } ?? "git"
        return try await withThrowingTaskGroup(of: Output?.self) { group in
            group.addTask {
                do {
                    let ended = try await Subprocess.run(
                        configuration, output: .bytes(limit: limit), error: .string(limit: Self.chatter))
                    var succeeded = false
                    if case .exited(0) = ended.terminationStatus { succeeded = true }
                    return Output(
                        bytes: ended.standardOutput, errors: ended.standardError, succeeded: succeeded)
                } catch is CancellationError {
                    return nil
                } catch {
                    if Task.isCancelled { return nil }
                    if let error = error as? SubprocessError, error.code == .outputLimitExceeded {
                        throw WorkspaceError(.refused, "git \(verb) gave more than \(limit) bytes, which is the limit")
                    }
                    throw WorkspaceError(.trouble, "git \(verb) can't be run: \(error)")
                }
            }
            group.addTask {
                do { try await Task.sleep(for: .milliseconds(time.rawValue)) } catch {}  // Cancelled: git has ended.
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            guard let first else {
                throw WorkspaceError(.trouble, "git \(verb) took longer than \(time.rawValue / 1000) s and was ended")
            }
            return first
        }
    }

    /// Runs one command that must succeed.
    @discardableResult
    public func must(
        _ arguments: [String], in directory: String, with more: [String: String] = [:], limit: Int = 1 << 20,
        within time: Milliseconds = .seconds(120), kind: WorkspaceError.Kind = .trouble
    ) async throws -> Output {
        let output = try await run(arguments, in: directory, with: more, limit: limit, within: time)
        guard output.succeeded else {
            let verb = arguments.first { !$0.hasPrefix("-") && !$0.contains("=") } ?? "git"
            let said = output.errors.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw WorkspaceError(
                kind, "git \(verb) failed: \(said.isEmpty ? "without a word" : String(said.prefix(600)))")
        }
        return output
    }
}
