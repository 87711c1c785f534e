import ClusterTestKit
import Foundation
import Testing

extension ControlLane {
    /// What goes in by each of the ways, and what comes out for scripts.
    @Suite struct SubmissionTests {
        @Test func everySourceOfTasks() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let bench = fleet.bench
                try await fleet.startAgent("east", instances: 2)
                let lines = try bench.file("lines.txt", "NONCE-l1\r\n\nNONCE-l2")
                let json = try bench.file(
                    "tasks.jsonl",
                    """
                    {"prompt":"Answer NONCE-j1","name":"first","priority":"high","max_turns":3,"timeout":"30s"}
                    {"prompt":"Answer NONCE-j2","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}
                    """)
                let yaml = try bench.file(
                    "job.yaml",
                    "name: from yaml\npriority: low\ntasks:\n  - Answer NONCE-y1\n  - prompt: Answer NONCE-y2\n")
                let jobs = [
                    try await fleet.submit(["Answer NONCE-p1"]),
                    try await fleet.submit(["--each-line", lines, "--prompt", "Document {line}"]),
                    try await fleet.submit(["--from-json", json]),
                    try await fleet.submit(["--file", yaml]),
                ]
                #expect(jobs == ["1", "2", "3", "4"])
                var rows: [[TaskRow]] = []
                for job in jobs { rows.append(try await fleet.results(of: job)) }
                #expect(
                    rows.map { $0.map(\.input) } == [
                        ["Answer NONCE-p1"], ["NONCE-l1", "NONCE-l2"], ["Answer NONCE-j1", "Answer NONCE-j2"],
                        ["Answer NONCE-y1", "Answer NONCE-y2"],
                    ])
                #expect(rows[0][0].result == "NONCE-p1 done")
                #expect(rows[1].map(\.result) == ["NONCE-l1 done", "NONCE-l2 done"])
                #expect(rows[3].map(\.result) == ["NONCE-y1 done", "NONCE-y2 done"])
                #expect(rows.joined().allSatisfy { $0.state == "succeeded" && $0.attempts == 1 && $0.agent == "east" })
                try await checkLines(fleet)
            }
        }

        /// The lines of `results --output json`, as they are written down for scripts.
        private func checkLines(_ fleet: Fleet) async throws {
            let output = try await fleet.ccctl(["results", "all", "--output", "json"]).output
            let lines = output.split(separator: "\n")
            #expect(lines.count == 7)
            let keys = [
                "job", "task", "index", "state", "attempts", "agent", "instance", "result", "structured", "error",
                "usage", "cost_usd", "session_id", "queued_at", "started_at", "finished_at", "duration_ms", "input",
            ]
            let usage = [
                "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
            ]
            let time = /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z/
            for line in lines {
                #expect(topLevelKeys(line) == keys)
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                for key in ["queued_at", "started_at", "finished_at"] {
                    #expect((object[key] as? String)?.wholeMatch(of: time) != nil, "\(key): \(line)")
                }
                let start = try #require(line.firstRange(of: "\"usage\":")).upperBound
                #expect(topLevelKeys(line[start...].prefix { $0 != "}" }) == usage)
                #expect(object["error"] is NSNull)
            }
            let structured = try #require(
                try JSONSerialization.jsonObject(with: Data(lines[4].utf8)) as? [String: Any])["structured"]
            #expect((structured as? [String: Any])?["n"] is NSNumber, "\(lines[4])")
            let quiet = try await fleet.ccctl(["results", "2", "--output", "quiet"])
            #expect(quiet.output == "NONCE-l1 done\nNONCE-l2 done\n")
        }

        @Test func moreUrgentTasksGoFirst() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let first = try await fleet.submit(["[[sleep: 60000]] hold the only instance"])
                try await fleet.tasks(of: first, are: "running")
                var jobs: [String: String] = [:]
                for priority in ["bulk", "2", "normal", "high", "critical"] {
                    jobs[priority] = try await fleet.submit([priority, "--priority", priority])
                }
                #expect(try await fleet.ccctl(["cancel", first]).code == 0)
                var started: [(String, String)] = []
                for (priority, job) in jobs {
                    started.append((try #require(try await fleet.results(of: job)[0].started_at), priority))
                }
                #expect(started.sorted { $0 < $1 }.map(\.1) == ["critical", "high", "normal", "2", "bulk"])
            }
        }

        @Test func largePromptsAndAnswersComeBackWhole() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let prompt = "NONCE-large " + String(repeating: "Größe? ", count: 25_000)
                let answer = String(repeating: "ja, 世界! ", count: 30_000).dropLast()
                let json = try fleet.bench.file(
                    "large.jsonl", "{\"prompt\":\"\(prompt)\"}\n{\"prompt\":\"[[say: \(answer)]]\"}\n")
                let rows = try await fleet.results(of: try await fleet.submit(["--from-json", json]))
                #expect(prompt.utf8.count > 200 * 1024 && answer.utf8.count > 300 * 1024)
                try #require(rows.count == 2)
                #expect(rows[0].input == prompt)
                #expect(rows[0].result == "NONCE-large done")
                #expect(rows[1].result == answer + " done")
                let again = try await fleet.ccctl(["result", "1.1", "--output", "quiet"])
                #expect(again.trimmed == answer + " done")
            }
        }
    }
}
