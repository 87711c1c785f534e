import ClusterTestKit
import Foundation
import Testing

extension AgentLane {
    /// Everything that an instance can do to its task, as the queue records it.
    @Suite struct ScriptTests {
        private struct Case {
            var prompt: String
            var fields = ""
            var state = "failed"
            var errorClass: String?
            var attempts = 1
            /// What the answer, or the error's sentence, holds.
            var words = ""
        }

        private static let cases = [
            Case(prompt: "NONCE-plain", state: "succeeded", words: "NONCE-plain done"),
            Case(prompt: "[[crash]] a", errorClass: "poison", attempts: 3),
            Case(prompt: "[[crash]] b", fields: ",\"max_attempts\":1", errorClass: "crash"),
            Case(prompt: "[[once: crash]] NONCE-again", state: "succeeded", attempts: 2, words: "NONCE-again done"),
            Case(prompt: "[[exit: 3]]", errorClass: "poison", attempts: 3, words: "3"),
            Case(prompt: "[[exit0-midturn]]", errorClass: "poison", attempts: 3),
            Case(
                prompt: "[[hang]]", fields: ",\"timeout\":1,\"max_attempts\":1", errorClass: "timeout", words: "1000 ms"
            ),
            Case(
                prompt: "[[sleep: 60000]]", fields: ",\"timeout\":1,\"max_attempts\":2", errorClass: "timeout",
                attempts: 2),
            Case(prompt: "[[garbage]] NONCE-g", state: "succeeded", words: "NONCE-g done"),
            Case(prompt: "[[bigline: 4]] NONCE-b", state: "succeeded", words: "NONCE-b done"),
            Case(prompt: "[[bigline: 40]]", fields: ",\"max_attempts\":1", errorClass: "crash", words: "line"),
            Case(prompt: "[[split-utf8]] NONCE-u", state: "succeeded", words: "Grüße, 世界 👋 NONCE-u done"),
            Case(prompt: "[[denied: Bash]]", errorClass: "denied", words: "Bash"),
            Case(prompt: "[[schema-fail]]", fields: ",\"schema\":{\"type\":\"object\"}", errorClass: "schema"),
            Case(prompt: "[[max-turns]]", errorClass: "cap", words: "turns"),
            Case(prompt: "[[api-error: 400]]", errorClass: "permanent", words: "400"),
            Case(prompt: "[[api-error: 413]]", errorClass: "permanent", words: "413"),
            Case(prompt: "[[api-error: 500]]", errorClass: "transient", attempts: 3, words: "500"),
            Case(prompt: "[[once: api-error: 500]] NONCE-5", state: "succeeded", attempts: 2, words: "NONCE-5 done"),
            Case(prompt: "[[once: api-error: 429]] NONCE-r", state: "succeeded", attempts: 2, words: "NONCE-r done"),
            // No attempt is burnt by an overloaded service: one is enough.
            Case(
                prompt: "[[once: api-error: 529]] NONCE-o", fields: ",\"max_attempts\":1", state: "succeeded",
                attempts: 2, words: "NONCE-o done"),
        ]

        @Test func statesClassesAndAttempts() async throws {
            try await withFleet(.withStandIn(), environment: ["CCO_RETRY_BASE": "50ms"]) { fleet in
                let marks = try fleet.bench.folder("marks")
                try await fleet.startAgent("east", instances: 4, environment: ["CLAUDE_SIM_STATE": marks])
                let json = Self.cases.map { "{\"prompt\":\"\($0.prompt)\"\($0.fields)}\n" }.joined()
                let job = try await fleet.submit(["--from-json", try fleet.bench.file("matrix.jsonl", json)])
                let rows = try await fleet.results(of: job, code: 1)
                try #require(rows.count == Self.cases.count)
                for (row, wanted) in zip(rows, Self.cases) {
                    #expect(row.state == wanted.state, "\(wanted.prompt): \(row)")
                    #expect(row.error?.class == wanted.errorClass, "\(wanted.prompt): \(row)")
                    #expect(row.attempts == wanted.attempts, "\(wanted.prompt): \(row)")
                    let said = row.error?.message ?? row.result ?? ""
                    #expect(wanted.words.isEmpty || said.contains(wanted.words), "\(wanted.prompt): \(said)")
                    #expect(row.input == wanted.prompt)
                }
                // The agent outlives all of it.
                #expect(try await fleet.listedAgents().map(\.state) == ["live"])
            }
        }
    }
}
