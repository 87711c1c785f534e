import Foundation

extension Fleet {
    /// Plays a scene on this fleet and ends it; when the scene fails, the ends of the logs are printed.
    func play(_ body: @Sendable (Fleet) async throws -> String) async throws -> String {
        do {
            let line = try await body(self)
            await stop()
            return line
        } catch {
            for agent in agents.values { print("--- \(agent.name)\n\(agent.logTail())") }
            if let coordinator { print("--- cc-coordinator\n\(coordinator.logTail(40))") }
            await stop()
            throw error
        }
    }

    /// The agent of a name, which was started.
    func agent(_ name: String) throws -> ManagedProcess {
        guard let agent = agents[name] else { throw SceneError("no agent \(name) was started") }
        return agent
    }

    /// Submits and gives the job's number.
    nonisolated func submitted(_ arguments: [String]) async throws -> String {
        let run = try await ccctl(["submit", "--output", "quiet"] + arguments)
        guard run.code == 0 else { throw SceneError("ccctl submit exited \(run.code): \(run.errors)") }
        return run.trimmed
    }

    /// Waits for a job's end, however its tasks end, and gives their results.
    nonisolated func ended(_ job: String, within limit: Duration = .seconds(600)) async throws -> [TaskRow] {
        let waited = try await ccctl(
            ["wait", job, "--timeout", "\(Int(limit / .seconds(1)))"], within: limit + .seconds(30))
        guard waited.code == 0 || waited.code == 1 else {
            throw SceneError("ccctl wait exited \(waited.code): \(waited.errors)\(waited.output)")
        }
        return try TaskRow.read(try await ccctl(["results", job, "--output", "json"]).output)
    }
}

extension Workbench {
    /// Writes lines into a file of the scratch folder and gives its path.
    func lines(_ name: String, _ lines: [String]) throws -> String {
        let path = scratch + "/" + name
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Makes a folder of the scratch folder and gives its path.
    func newFolder(_ name: String) throws -> String {
        let path = scratch + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
