import ClusterTestKit
import Foundation
import Testing

extension AgentLane {
    /// Every kind of ending, produced and compared with what docs/VERDICTS.md says of it.
    @Suite struct VerdictTableTests {
        /// One way to end.
        struct Ending {
            var name: String
            var prompt: String
            var fields = ""
            /// Cancelled once it runs.
            var isCancelled = false
        }

        private static let schema =
            #","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#
        private static let once = #","max_attempts":1"#
        private static let bash = #","allowed_tools":["Bash"]"#

        /// Produced with the real CLI.
        private static let real = [
            Ending(name: "an answer", prompt: "NONCE-v1"),
            Ending(name: "an object that meets the schema", prompt: "NONCE-v2", fields: schema),
            Ending(name: "the API answers 400", prompt: "[[status: 400]] v3"),
            Ending(name: "the API answers 404", prompt: "[[status: 404]] v4"),
            Ending(name: "the API answers 413", prompt: "[[status: 413]] v5"),
            Ending(name: "the API answers 429, then well", prompt: "[[status-once: 429]] v6"),
            Ending(name: "the API answers 529, then well", prompt: "[[status-once: 529]] v7"),
            Ending(name: "the API answers 500", prompt: "[[status: 500]] v8", fields: once),
            Ending(name: "the API answers 500, then well", prompt: "[[status-once: 500]] v9"),
            Ending(name: "the answer's stream is cut", prompt: "[[cut]] v10"),
            Ending(name: "the prompt is too long for the model", prompt: "[[too-long]] v11"),
            Ending(
                name: "the cap on turns is reached", prompt: "[[bash: echo 1]] v12", fields: #","max_turns":1"# + bash),
            Ending(
                name: "the cap on cost is reached", prompt: "[[bash: echo 1]] v13",
                fields: #","budget_usd":0.000001"# + bash),
            Ending(name: "the schema is never met", prompt: #"[[json: {\"n\":\"x\"}]] v14"#, fields: schema),
            Ending(name: "a tool is denied", prompt: "[[bash: touch x]] v15"),
            Ending(name: "longer than its timeout", prompt: "[[sleep: 600000]] v16", fields: #","timeout":2"# + once),
            Ending(name: "cancelled while it runs", prompt: "[[sleep: 600000]] v17", isCancelled: true),
            Ending(name: "claude is killed (SIGKILL)", prompt: "[[bash: kill -9 $PPID]] v18", fields: once + bash),
            Ending(
                name: "claude is told to end (SIGTERM)", prompt: "[[bash: kill $PPID; sleep 9]] v19",
                fields: once + bash),
            Ending(
                name: "claude stands still (SIGSTOP)", prompt: "[[bash: kill -STOP $PPID]] v20",
                fields: #","timeout":4"# + once + bash),
            Ending(
                name: "background work is left running",
                prompt: "[[bash: nohup setsid sleep 3003 >/dev/null 2>&1 &]] v21",
                fields: bash),
        ]

        /// Refused credentials: with them the agent takes no work for a while, so each comes alone.
        private static let refusals = [
            Ending(name: "the API answers 401", prompt: "[[status: 401]] v22"),
            Ending(name: "the API answers 402", prompt: "[[status: 402]] v23"),
            Ending(name: "the API answers 403 to this task alone", prompt: "[[status: 403]] v24", fields: once),
        ]

        /// What the real CLI can't be brought to do.
        private static let simulated = [
            Ending(name: "exit 0 in the middle of a task", prompt: "[[exit0-midturn]]", fields: once),
            Ending(name: "exit 3 in the middle of a task", prompt: "[[exit: 3]]", fields: once),
            Ending(name: "abort in the middle of a task", prompt: "[[crash]]", fields: once),
            Ending(name: "three crashes", prompt: "[[crash]] always"),
            Ending(name: "one crash, then well", prompt: "[[once: crash]] NONCE-s1"),
            Ending(name: "silent death in the middle of a line", prompt: "[[die]]", fields: once),
            Ending(name: "the output is closed", prompt: "[[mute]]", fields: once),
            Ending(name: "silence that nothing ends", prompt: "[[hang]]", fields: #","timeout":1"# + once),
            Ending(name: "a line that is no JSON", prompt: "[[garbage]] NONCE-s2"),
            Ending(name: "a line that begins as JSON and is none", prompt: "[[broken-line]]", fields: once),
            Ending(name: "a line of 20 MB", prompt: "[[bigline: 20]] NONCE-s3"),
            Ending(name: "a line of 40 MB", prompt: "[[bigline: 40]]", fields: once),
            Ending(name: "UTF-8 split between two writes", prompt: "[[split-utf8]] NONCE-s4"),
        ]

        @Test func whatEachEndingIsRecordedAs() async throws {
            async let real = record(Self.real, Self.refusals)
            async let simulated = recordSimulated()
            let rows = try await real + simulated
            let page = try String(contentsOfFile: Self.packageFolder + "/docs/VERDICTS.md", encoding: .utf8)
            let written = Set(page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst())
            let missing = rows.filter { !written.contains(Substring($0)) }
            let stale = written.filter { !rows.contains(String($0)) }
            #expect(
                missing.isEmpty && stale.isEmpty,
                "docs/VERDICTS.md is not what was seen, which is:\n\(rows.joined(separator: "\n"))")
        }

        private func record(_ endings: [Ending], _ refusals: [Ending]) async throws -> [String] {
            var rows: [String] = []
            try await withFleet(
                .withRealClaude(), simulator: [], environment: ["CCO_RETRY_BASE": "50ms"]
            ) { fleet in
                // The CLI's own retries and the gateway's would hide what a single call's failure is recorded as.
                try await fleet.startAgent("east", instances: 4, environment: Self.plain)
                rows += try await table(endings, by: "claude", fleet)
                let left = try ProcessTree().entries.filter { $0.command == "sleep 3003 " }
                #expect(left.isEmpty, "what a task left running outlives it")
                for refusal in refusals {
                    rows += try await table([refusal], by: "claude", fleet)
                    // Its capacity comes back with a new start.
                    await fleet.agents["east"]?.stop()
                    try await fleet.startAgent("east", instances: 1, environment: Self.plain)
                }
            }
            return rows
        }

        private func recordSimulated() async throws -> [String] {
            var rows: [String] = []
            try await withFleet(.withStandIn(), environment: ["CCO_RETRY_BASE": "50ms"]) { fleet in
                let marks = try fleet.bench.folder("marks")
                try await fleet.startAgent("east", instances: 4, environment: ["CLAUDE_SIM_STATE": marks])
                rows = try await table(Self.simulated, by: "claude-sim", fleet)
                await fleet.agents["east"]?.stop()
                let script = try fleet.bench.file("broken-claude", Self.brokenClaude)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
                try await fleet.startAgent("west", instances: 1, claude: script)
                rows += try await table(
                    [Ending(name: "claude ends at its start", prompt: "NONCE-s5", fields: Self.once)], by: "a script",
                    fleet)
            }
            return rows
        }

        /// What `ccctl attempts` and `ccctl result` show of a task, as far as it is looked at.
        private struct Attempt: Decodable {
            struct Failure: Decodable {
                var `class`: String
                var message: String
                var detail: String
            }
            var attempt: Int
            var end: String
            var error: Failure?
        }

        private func table(_ endings: [Ending], by cli: String, _ fleet: Fleet) async throws -> [String] {
            let json = endings.map { "{\"prompt\":\"\($0.prompt)\"\($0.fields)}\n" }.joined()
            let job = try await fleet.submit(["--from-json", try fleet.bench.file("\(UUID()).jsonl", json)])
            for (index, ending) in endings.enumerated() where ending.isCancelled {
                // Once its call is open, and not while its instance starts: then nothing was said that could be kept.
                try await eventually("\(ending.name) to run", within: .seconds(60)) {
                    try await fleet.api.prompts().contains { $0.text == ending.prompt }
                }
                try await fleet.verb(["cancel", "\(job).\(index)"])
            }
            var rows: [String] = []
            for (index, ending) in endings.enumerated() {
                let task = "\(job).\(index)"
                var attempts: [Attempt] = []
                var state = ""
                try await eventually("\(ending.name) to be recorded", within: .seconds(100)) {
                    state = try await fleet.states(of: job)[index]
                    attempts = try await fleet.verb(["attempts", task, "--output", "json"]).split(separator: "\n").map {
                        try JSONDecoder().decode(Attempt.self, from: Data($0.utf8))
                    }
                    let isHeld = attempts.first?.error?.class == "auth"
                    return isHeld || ["succeeded", "failed", "cancelled"].contains(state)
                }
                let first = attempts.first { $0.error != nil }?.error
                // A refused credential holds its task, which may be on its next attempt at this moment.
                let isHeld = first?.class == "auth"
                if isHeld {
                    try await fleet.verb(["cancel", task])
                } else {
                    try await expectLastWords(first, task, fleet)
                }
                let last = isHeld ? nil : try await lastClass(of: index, job, fleet)
                let classes = [first?.class, last == first?.class ? nil : last].compactMap { $0 }
                let columns = [
                    ending.name, cli, isHeld ? "queued" : state, classes.joined(separator: ", then "),
                    isHeld ? "" : "\(attempts.count)", Self.plain(first?.message ?? ""),
                ]
                rows.append("| " + columns.joined(separator: " | ") + " |")
            }
            return rows
        }

        /// What a task's end is put down to.
        private func lastClass(of index: Int, _ job: String, _ fleet: Fleet) async throws -> String? {
            try TaskRow.read(try await fleet.verb(["results", job, "--output", "json"])).first { $0.index == index }?
                .error?
                .class
        }

        /// A message without what differs from run to run, and not longer than a table bears.
        private static func plain(_ message: String) -> String {
            let text = message.replacing(/127\.0\.0\.1:[0-9]+/, with: "HOST").replacingOccurrences(of: "|", with: "\\|")
            return text.count <= 100 ? text : text.prefix(100) + "…"
        }

        /// A failure keeps the end of what the instance said, and `ccctl result` shows it.
        private func expectLastWords(_ failure: Attempt.Failure?, _ task: String, _ fleet: Fleet) async throws {
            guard let failure else { return }
            #expect(
                !failure.detail.isEmpty && failure.detail.utf8.count <= 65_536,
                "\(task) \(failure.class) \(failure.message)")
            let shown = try await fleet.verb(["result", task])
            #expect(!shown.contains("error:") || shown.contains("the instance said last:"), "\(shown)")
        }

        /// Answers to its version, as an agent asks at its own start, and to nothing else.
        private static let brokenClaude = """
            #!/bin/sh
            [ "$1" = --version ] && { echo "2.0.0 (Claude Code)"; exit 0; }
            echo "error: no room for the configuration" >&2
            exit 1

            """
        private static let plain = ["CCO_GATEWAY": "false", "CLAUDE_CODE_MAX_RETRIES": "0"]
        private static let packageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }
}
