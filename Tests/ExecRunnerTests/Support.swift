import ClusterModel
import ExecRunner
import Foundation
import Glibc
import GuardedProcess

/// A folder for one test's commands.
final class Bench: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("exec-\(UUID().uuidString.prefix(8))").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("\(path) was left behind: \(error)") }
    }

    static let token = AttemptToken(
        store: StoreID(rawValue: 7), task: TaskID(job: JobID(rawValue: 3), index: 14), attempt: 2)

    static let guardPath = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("cc-guard").path

    func process(
        _ options: TaskOptions, prompt: String = "", outputBytes: Int = 1 << 20, timeout: Milliseconds = 60_000,
        grace: Milliseconds = 5000, agent: [String: String] = ["PATH": "/usr/bin:/bin", "ANTHROPIC_API_KEY": "secret"]
    ) throws -> ExecProcess {
        let environment = ExecEnvironment.make(
            from: agent, home: path, temporary: path, token: Self.token, own: options.environment)
        let plan = try ExecPlan(
            options: options, prompt: prompt, searchPath: "/usr/bin:/bin", directory: path, environment: environment,
            outputBytes: outputBytes, timeout: timeout, launch: GuardLaunch(guardPath: Self.guardPath, grace: grace))
        return ExecProcess(plan)
    }

    func run(
        _ command: [String], prompt: String = "", standardInput: Bool = false, environment: [String] = [],
        outputBytes: Int = 1 << 20, timeout: Milliseconds = 60_000, grace: Milliseconds = 5000,
        in place: ExecPlace? = nil
    ) async throws -> Ended {
        let options = TaskOptions(
            runner: "exec", command: command, promptOnStandardInput: standardInput, environment: environment)
        let process = try process(
            options, prompt: prompt, outputBytes: outputBytes, timeout: timeout, grace: grace)
        let end = if let place { await process.run(in: place) } else { await process.run() }
        return Ended(end, timeout: timeout, program: command[0])
    }

    /// The numbers that commands wrote down.
    var pids: [Int32] {
        guard let text = try? String(contentsOfFile: path + "/pids", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { Int32($0) }
    }
}

struct Ended {
    let state: TaskState
    let answer: String?
    let failure: TaskFailure?

    init(_ end: ExecEnd, timeout: Milliseconds = 60_000, program: String = "x") {
        (state, answer, failure) = end.judge(timeout: timeout, program: program)
    }
}

func isAlive(_ pid: Int32) -> Bool { FileManager.default.fileExists(atPath: "/proc/\(pid)") }

/// Whether it has ended, even if nobody has asked how.
func hasEnded(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
    return stat.contains(") Z ")
}

/// Looks until it is so; false when it wasn't within the time.
func eventually(within seconds: Double = 10, _ isSo: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !isSo() {
        if ContinuousClock.now >= deadline { return false }
        do { try await Task.sleep(for: .milliseconds(5)) } catch { return false }
    }
    return true
}
