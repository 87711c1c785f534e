import ClusterTestKit
import Foundation
import Testing

extension Fleet {
    /// An agent that runs any command and needs no Claude Code.
    nonisolated func startExecAgent(_ name: String, instances: Int = 2, labels: String = "") async throws {
        var environment = ["CCO_POLICY_COMMANDS": "*"]
        if !labels.isEmpty { environment["CCO_LABELS"] = labels }
        try await startAgent(name, instances: instances, ["--runner", "exec"], environment: environment)
    }

    /// Submits commands, one a line of `lines`.
    nonisolated func exec(
        _ command: [String], lines: [String] = ["x"], _ options: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let file = try bench.file("lines-\(UInt32.random(in: 0 ... .max)).txt", lines.map { $0 + "\n" }.joined())
        return try await submit(
            ["--runner", "exec", "--each-line", file] + options + ["--"] + command, sourceLocation: sourceLocation)
    }

    /// One control verb; expects it to succeed.
    @discardableResult nonisolated func verb(
        _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let run = try await ccctl(arguments)
        #expect(run.code == 0, "\(arguments): \(run.errors)", sourceLocation: sourceLocation)
        return run.output
    }

    /// The states of a job's tasks, in order.
    nonisolated func states(of job: String) async throws -> [String] {
        struct Row: Decodable { var state: String }
        return try await verb(["tasks", job, "--output", "json"]).split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8)).state
        }
    }

    /// Waits until a job's tasks stand so.
    nonisolated func states(of job: String, become wanted: [String]) async throws {
        try await eventually("the tasks of job \(job) to be \(wanted)", within: .seconds(30)) {
            try await states(of: job) == wanted
        }
    }
}
