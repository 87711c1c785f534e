import ClusterTestKit
import Foundation
import Testing

extension ControlLane {
    /// `ccctl run`: a fleet inside one process, of which nothing is left.
    @Suite struct RunTests {
        private static let key = ["ANTHROPIC_API_KEY": "sk-dummy"]

        /// Processes that have anything to do with a bench.
        private func processes(of bench: Workbench) throws -> [ProcessTree.Entry] {
            try ProcessTree.mentioning(bench.scratch)
        }

        @Test func resultsAndNoProcessLeft() async throws {
            try await onBench(.withStandIn()) { bench in
                let lines = try bench.file("lines.txt", "NONCE-1\nNONCE-2\nNONCE-3\n")
                let run = try await bench.run(
                    "ccctl", ["run", "--each-line", lines, "--instances", "2", "--claude", bench.claude, "-o", "json"],
                    environment: Self.key, within: .seconds(60))
                let left = try processes(of: bench)
                #expect(run.code == 0, "\(run.errors)")
                #expect(run.errors.isEmpty)
                let rows = try TaskRow.read(run.output)
                #expect(rows.map(\.result) == ["NONCE-1 done", "NONCE-2 done", "NONCE-3 done"])
                #expect(left.isEmpty, "\(left.map(\.command))")
                let runs = bench.scratch + "/home/.local/state/cc-orchestrator/run/runs"
                #expect(try FileManager.default.contentsOfDirectory(atPath: runs).isEmpty)
            }
        }

        @Test func aFailedTaskEndsItWithOne() async throws {
            try await onBench(.withStandIn()) { bench in
                let run = try await bench.run(
                    "ccctl", ["run", "[[max-turns]]", "--claude", bench.claude, "--output", "json"],
                    environment: Self.key, within: .seconds(60))
                #expect(run.code == 1, "\(run.errors)")
                let rows = try TaskRow.read(run.output)
                #expect(rows.map(\.state) == ["failed"] && rows.first?.error?.class == "cap")
                #expect(try processes(of: bench).isEmpty)
            }
        }

        @Test func whatIsMissingIsToldAtOnce() async throws {
            try await onBench(.withStandIn()) { bench in
                let keyless = try await bench.run(
                    "ccctl", ["run", "one", "--claude", bench.claude], within: .seconds(30))
                #expect(keyless.code == 2 || keyless.code == 5, "\(keyless.code)")
                #expect(keyless.errors.contains("ANTHROPIC_API_KEY"), "\(keyless.errors)")
                #expect(keyless.errors.split(separator: "\n").count == 1, "\(keyless.errors)")
                let absent = try await bench.run(
                    "ccctl", ["run", "one", "--claude", bench.scratch + "/no-claude"], environment: Self.key,
                    within: .seconds(30))
                #expect(absent.errors.contains("no-claude"), "\(absent.errors)")
                #expect(absent.errors.split(separator: "\n").count == 1, "\(absent.errors)")
                let again = try await bench.run(
                    "ccctl", ["run", "--resume", "--claude", bench.claude], environment: Self.key)
                again.expectRefusal(2, ["no unfinished run"])
            }
        }

        @Test func goesOnAfterItWasKilled() async throws {
            try await onBench(.withStandIn()) { bench in
                let marks = try bench.folder("marks")
                let environment = Self.key.merging(["CLAUDE_SIM_STATE": marks]) { $1 }
                let lines = try bench.file("lines.txt", (1...6).map { "NONCE-\($0)\n" }.joined())
                let prompt = "[[once: say: begun]] [[sleep: 800]] {line}"
                let first = try ManagedProcess(
                    bench, name: "run", program: "ccctl",
                    ["run", "--each-line", lines, "--prompt", prompt, "--instances", "2", "--claude", bench.claude],
                    environment: bench.environment(environment))
                // Each task leaves a mark when it begins: with three of them, at least one has ended.
                try await eventually("a third task to begin", within: .seconds(40)) {
                    guard first.isRunning else { throw SceneError("ccctl run ended:\n\(first.logTail())") }
                    return try FileManager.default.contentsOfDirectory(atPath: marks).count >= 3
                }
                let below = try ProcessTree().descendants(of: first.pid)
                try await first.killNow()
                let killed = Date()
                try await Task.sleep(for: .seconds(2))
                #expect(below.count >= 4)
                let left = try ProcessTree().living(of: below)
                #expect(left.isEmpty, "\(left.map(\.command))")

                let resumed = try await bench.run(
                    "ccctl", ["run", "--resume", "--claude", bench.claude, "--instances", "2", "--output", "json"],
                    environment: environment, within: .seconds(60))
                #expect(resumed.code == 0, "\(resumed.errors)")
                let rows = try TaskRow.read(resumed.output)
                let ending = (1...6).map { "NONCE-\($0) done" }
                #expect(zip(rows, ending).allSatisfy { $0.result?.hasSuffix($1) == true } && rows.count == 6)
                let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                let before = try rows.filter { try format.parse($0.finished_at ?? "") < killed }
                #expect(!before.isEmpty && before.count < 6)
                #expect(before.allSatisfy { $0.attempts == 1 })
                #expect(try processes(of: bench).isEmpty)
            }
        }

        @Test func aRefusedKeyEndsItInWordsAndNothingIsLost() async throws {
            try await onBench(.withRealClaude()) { bench in
                let api = try await SimulatedAPI.start(bench, ["--api-key", "sk-right"])
                let arguments = ["--claude", bench.claude, "--output", "json"]
                func environment(_ key: String) -> [String: String] {
                    ["ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": key]
                }
                let refused = try await bench.run(
                    "ccctl", ["run", "Answer NONCE-1"] + arguments, environment: environment("sk-wrong"),
                    within: .seconds(90))
                #expect(refused.code == 5 && refused.output.isEmpty, "\(refused.code) \(refused.output)")
                #expect(refused.errors.contains("refused this agent's credential"), "\(refused.errors)")
                #expect(refused.errors.contains("ccctl run --resume goes on with it"), "\(refused.errors)")
                #expect(try processes(of: bench).allSatisfy { $0.command.contains("anthropic-sim") })
                let resumed = try await bench.run(
                    "ccctl", ["run", "--resume"] + arguments, environment: environment("sk-right"),
                    within: .seconds(90))
                await api.process.stop()
                #expect(resumed.code == 0, "\(resumed.errors)")
                #expect(try TaskRow.read(resumed.output).map(\.state) == ["succeeded"])
            }
        }

        @Test func worksInTheCallersFolder() async throws {
            try await onBench(.withRealClaude()) { bench in
                let api = try await SimulatedAPI.start(bench)
                let folder = try bench.folder("work")
                let input = "{\"file_path\":\"\(folder)/NEW.md\",\"content\":\"hello NONCE-w\"}"
                let run = try await bench.run(
                    "ccctl",
                    [
                        "run", "Write it. [[tool: Write \(input)]]", "--permission-mode", "acceptEdits", "--claude",
                        bench.claude, "--output", "json",
                    ],
                    environment: Self.key.merging(["ANTHROPIC_BASE_URL": api.url]) { $1 }, directory: folder,
                    within: .seconds(90))
                await api.process.stop()
                #expect(run.code == 0, "\(run.errors)\(run.output)")
                #expect(try String(contentsOfFile: folder + "/NEW.md", encoding: .utf8) == "hello NONCE-w")
                #expect(try processes(of: bench).isEmpty)
            }
        }
    }
}
