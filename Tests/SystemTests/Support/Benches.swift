import ClusterTestKit
import Foundation

extension Workbench {
    /// A bench whose `claude` is claude-sim.
    static func withStandIn() throws -> Workbench {
        try Workbench(claude: try Workbench.ownFolder() + "/claude-sim")
    }

    /// A bench with the real CLI: the one that CLAUDE names, else the pinned one.
    static func withRealClaude() throws -> Workbench {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let named = ProcessInfo.processInfo.environment["CLAUDE"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? package + "/.dev/claude"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SceneError("there is no Claude Code at \(path): run `make setup`, or set CLAUDE to one")
        }
        return try Workbench(claude: path)
    }

    /// Writes a file below the scratch folder and gives its path.
    func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = scratch + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Makes a folder below the scratch folder and gives its path.
    func folder(_ name: String) throws -> String {
        let path = scratch + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

/// Runs a test on a bench and removes it.
func onBench(_ bench: Workbench, _ body: (Workbench) async throws -> Void) async throws {
    defer { bench.cleanUp() }
    try await body(bench)
}

/// Runs a test on a fleet whose coordinator is started, unless told, and ends all of it.
func withFleet(
    _ bench: Workbench, simulator: [String]? = nil, options: [String] = [], environment: [String: String] = [:],
    address: String = "127.0.0.1", isStarted: Bool = true, _ body: (Fleet) async throws -> Void
) async throws {
    try await onBench(bench) { bench in
        var api: SimulatedAPI?
        if let simulator { api = try await SimulatedAPI.start(bench, simulator) }
        let fleet = try Fleet(
            bench, api: api, coordinatorOptions: options, coordinatorEnvironment: environment, address: address)
        do {
            if isStarted { try await fleet.startCoordinator() }
            try await body(fleet)
            await fleet.stop()
        } catch {
            for agent in await fleet.agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator = await fleet.coordinator { print("--- cc-coordinator\n\(coordinator.logTail())") }
            await fleet.stop()
            throw error
        }
    }
}
