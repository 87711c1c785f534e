import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// Control verbs while the real CLI waits for its answer.
    @Suite struct RealClaudeVerbTests {
        @Test func cancelInterruptsAndPauseLetsWhatRunsEnd() async throws {
            try await withFleet(.withRealClaude(), simulator: []) { fleet in
                try await fleet.startAgent("east", instances: 1)
                try await fleet.api.hold()
                let slow = try await fleet.submit(["Answer NONCE-slow"])
                try await eventually("the call to be open", within: .seconds(60)) {
                    try await fleet.api.stats().openNow == 1
                }
                let waiting = try await fleet.submit(["Answer NONCE-waiting"])
                #expect(try await fleet.verb(["cancel", waiting, "-o", "json"]).contains("\"queued\":1,\"running\":0"))
                #expect(try await fleet.verb(["cancel", slow, "-o", "json"]).contains("\"queued\":0,\"running\":1"))
                let cancelled = try #require(try await fleet.results(of: slow, code: 1).first)
                #expect(cancelled.state == "cancelled" && cancelled.error?.class == "cancelled", "\(cancelled)")
                // The CLI itself ended the turn: it named its session, before the 5 s after which it would have been ended.
                #expect(cancelled.attempts == 1 && cancelled.session_id != nil, "\(cancelled)")
                #expect((cancelled.duration_ms ?? .max) < 5000, "\(cancelled)")
                let never = try #require(try await fleet.results(of: waiting, code: 1).first)
                #expect(never.state == "cancelled" && never.attempts == 0)

                // Its slot serves the next, which is running when its job and the queue are paused.
                let lines = try fleet.bench.file("lines.txt", "NONCE-one\nNONCE-two\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "Answer {line}"])
                try await fleet.states(of: job, become: ["running", "queued"])
                try await fleet.verb(["pause", job])
                try await fleet.verb(["pause"])
                try await fleet.api.release()
                try await fleet.states(of: job, become: ["succeeded", "queued"])
                let why = try await fleet.verb(["why", "\(job).1", "-o", "quiet"]).split(separator: "\n")
                #expect(why.contains("paused") && why.contains("queue_paused"), "\(why)")
                // What is not paused goes by what is: had it been let start, it would have been first.
                try await fleet.verb(["resume"])
                let other = try await fleet.submit(["Answer NONCE-other", "--priority", "bulk"])
                #expect(try await fleet.results(of: other).map(\.state) == ["succeeded"])
                #expect(try await fleet.states(of: job) == ["succeeded", "queued"])
                try await fleet.verb(["resume", job])
                let rows = try await fleet.results(of: job)
                #expect(rows.allSatisfy { $0.instance?.hasPrefix("east/0.") == true }, "\(rows)")
                for (row, line) in zip(rows, ["NONCE-one", "NONCE-two"]) {
                    #expect(row.attempts == 1 && row.result?.contains(line) == true, "\(row)")
                }
                let prompts = try await fleet.api.prompts().filter { $0.nonces.contains("NONCE-waiting") }
                #expect(prompts.isEmpty)
            }
        }

        @Test func drainPriorityHoldRetryAndPrune() async throws {
            try await withFleet(.withRealClaude(), simulator: [], environment: ["CCO_RETRY_BASE": "1ms"]) { fleet in
                try await fleet.startAgent("east", instances: 1)
                try await fleet.api.hold()
                let open = try await fleet.submit(["Answer NONCE-open"])
                try await fleet.states(of: open, become: ["running"])
                let lines = try fleet.bench.file("lines.txt", "NONCE-held\nNONCE-low\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "Answer {line}"])
                let urgent = try await fleet.submit(["Answer NONCE-urgent"])
                try await fleet.verb(["hold", "\(job).0"])
                try await fleet.verb(["priority", urgent, "high"])
                // A drained agent ends what it runs and takes nothing new.
                try await fleet.verb(["drain", "east"])
                try await fleet.api.release()
                #expect(try await fleet.results(of: open).map(\.state) == ["succeeded"])
                #expect(try await fleet.verb(["why", "\(job).1"]).contains("drained"))
                #expect(try await fleet.states(of: urgent) == ["queued"])
                try await fleet.verb(["undrain", "east"])
                try await fleet.states(of: job, become: ["held", "succeeded"])
                try await fleet.verb(["release", "\(job).0"])
                #expect(try await fleet.results(of: job).count == 2)
                #expect(try await fleet.results(of: urgent).count == 1)
                let order = try await fleet.api.prompts().compactMap { prompt in
                    ["NONCE-urgent", "NONCE-low", "NONCE-held"].first { prompt.nonces.contains($0) }
                }
                #expect(order == ["NONCE-urgent", "NONCE-low", "NONCE-held"])

                // A task that may take one turn of the model and needs two has failed; tried again it fails again: every attempt stays on record.
                let failing = try await fleet.submit([
                    "Run it. [[bash: echo one]] NONCE-tool", "--max-turns", "1", "--max-attempts", "1",
                    "--allowed-tools", "Bash",
                ])
                #expect(try await fleet.results(of: failing, code: 1).map(\.state) == ["failed"])
                try await fleet.verb(["retry", failing])
                try await eventually("the second attempt to be on record", within: .seconds(60)) {
                    try await fleet.verb(["attempts", "\(failing).0", "--output", "json"]).split(separator: "\n").count
                        == 2
                }
                #expect(try await fleet.results(of: failing, code: 1).map(\.attempts) == [2])

                try await fleet.verb(["prune", job])
                #expect(try await fleet.ccctl(["status", job]).code != 0)
                #expect(try await fleet.results(of: urgent).map(\.state) == ["succeeded"])
            }
        }
    }
}
