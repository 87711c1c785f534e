import AgentServer
import ClusterModel
import Foundation
import Logging
import Settings
import Testing
import ZeroMQ

/// An agent in this process, with stand-ins around it and a directory of its own.
final class AgentUnderTest: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("cco-\(UUID().uuidString.prefix(8))").path
    let context: Context
    let keys: CurveKeyPair

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        context = try Context()
        keys = try LoopbackSecret.loadOrCreate(path: path + "/secret")
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("\(path) was left behind: \(error)") }
    }

    func coordinator(port: UInt16 = 0, zap: ZAPHandler? = nil) throws -> FakeCoordinator {
        try FakeCoordinator(context: context, keys: keys, port: port, zap: zap)
    }

    /// Programs as they were built: beside the test's own.
    static func built(_ name: String) -> String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent(name).path
    }

    var environment: [String: String] {
        ["HOME": path, "PATH": "/usr/bin:/bin", "ANTHROPIC_API_KEY": "sk-dummy", "CCO_SECRET_FILE": path + "/secret"]
    }

    func settings(_ endpoint: String, _ flags: [String: FlagValue] = [:]) throws -> AgentSettings {
        var all: [String: FlagValue] = [
            "coordinator": .one(endpoint), "name": "host1", "instances": "2", "claude": .one(Self.built("claude-sim")),
            "guard": .one(Self.built("cc-guard")), "state-dir": .one(path + "/state"),
        ]
        all.merge(flags) { $1 }
        let context = SettingsContext(environment: environment, workingDirectory: path, hostName: "host1")
        return try AgentSettings(SettingsSource(program: .agent, flags: all, context: context))
    }

    func server(_ endpoint: String, _ flags: [String: FlagValue] = [:]) throws -> AgentServer {
        AgentServer(
            settings: try settings(endpoint, flags), environment: environment,
            logger: Logger(label: "agent", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}

func token(_ number: UInt32, attempt: UInt32 = 1) -> AttemptToken {
    AttemptToken(
        store: StoreID(rawValue: 7), task: TaskID(job: JobID(rawValue: 1), index: number), attempt: attempt)
}
