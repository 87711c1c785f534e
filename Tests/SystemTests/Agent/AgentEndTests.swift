import ClusterTestKit
import Foundation
import Testing

extension AgentLane {
    /// How an agent leaves, and what it will not do.
    @Suite struct AgentEndTests {
        @Test func theFirstSignalLetsWorkFinish() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let lines = try fleet.bench.file("lines.txt", "NONCE-1\nNONCE-2\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "[[sleep: 1500]] {line}"])
                try await fleet.tasks(of: job, are: "running")
                let agent = try #require(await fleet.agents["east"])
                let below = try ProcessTree().descendants(of: agent.pid)
                agent.signal(SIGTERM)
                #expect(try await agent.ended(within: .seconds(15)) == 0, "\(agent.logTail())")
                #expect(!below.isEmpty)
                #expect(try ProcessTree().living(of: below).isEmpty)
                let finished = try TaskRow.read(try await fleet.ccctl(["results", job, "-o", "json"]).output)
                #expect(finished.map(\.result) == ["NONCE-1 done"])
                #expect(
                    try await fleet.ccctl(["tasks", job, "--state", "queued", "-o", "quiet"]).trimmed == "\(job).1")
                try await fleet.startAgent("west", instances: 1)
                let rows = try await fleet.results(of: job)
                #expect(rows.map(\.agent) == ["east", "west"] && rows.allSatisfy { $0.attempts == 1 })
            }
        }

        @Test func theSecondSignalStopsAtOnce() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let marks = try fleet.bench.folder("marks")
                await fleet.agents["east"]?.stop()
                try await fleet.startAgent("east", instances: 1, environment: ["CLAUDE_SIM_STATE": marks])
                let job = try await fleet.submit(["[[once: sleep: 60000]] NONCE-long"])
                try await fleet.tasks(of: job, are: "running")
                let agent = try #require(await fleet.agents["east"])
                try await eventually("the turn to begin", within: .seconds(20)) {
                    try !FileManager.default.contentsOfDirectory(atPath: marks).isEmpty
                }
                let below = try ProcessTree().descendants(of: agent.pid)
                agent.signal(SIGTERM)
                try await eventually("the first signal to be taken", within: .seconds(5)) {
                    agent.logTail().contains("leaving")
                }
                #expect(agent.isRunning)
                let start = ContinuousClock.now
                agent.signal(SIGTERM)
                _ = try await agent.ended(within: .seconds(10))
                #expect(ContinuousClock.now - start < .seconds(5))
                #expect(below.count >= 2)
                #expect(try ProcessTree().living(of: below).isEmpty)
                // Handed back, not burnt: it ends on another agent.
                try await fleet.startAgent("west", instances: 1, environment: ["CLAUDE_SIM_STATE": marks])
                let rows = try await fleet.results(of: job)
                #expect(rows.first?.result == "NONCE-long done" && rows.first?.agent == "west")
            }
        }

        @Test func whatItsPolicyForbidsFailsInWords() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let allowed = try fleet.bench.folder("allowed")
                try await fleet.startAgent("east", instances: 1, environment: ["CCO_POLICY_DIRECTORIES": allowed])
                let link = allowed + "/link"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc")
                let cases: [([String], [String])] = [
                    (["--directory", "/etc"], ["/etc", "policy.directories"]),
                    (["--directory", link], [link, "policy.directories"]),
                    (["--directory", allowed + "/../allowed-not"], ["not there"]),
                    (["--directory", allowed + "/absent"], ["absent", "not there"]),
                    (["--permission-mode", "bypassPermissions"], ["bypassPermissions", "policy.permission-modes"]),
                ]
                for (arguments, words) in cases {
                    let job = try await fleet.submit(["NONCE-x"] + arguments)
                    let row = try #require(try await fleet.results(of: job, code: 1).first)
                    #expect(row.state == "failed" && row.error?.class == "permanent" && row.attempts == 1)
                    for word in words { #expect(row.error?.message.contains(word) == true, "\(arguments) \(row)") }
                }
                let fine = try await fleet.submit(["NONCE-fine", "--directory", allowed])
                #expect(try await fleet.results(of: fine).first?.state == "succeeded")
            }
        }

        @Test func aRefusedCredentialHoldsTheQueue() async throws {
            try await withFleet(.withRealClaude(), simulator: ["--api-key", "sk-right"]) { fleet in
                try await fleet.startAgent("east", instances: 2, environment: ["ANTHROPIC_API_KEY": "sk-wrong"])
                let lines = try fleet.bench.file("lines.txt", "NONCE-1\nNONCE-2\nNONCE-3\n")
                let job = try await fleet.submit(["--each-line", lines])
                var agents: [Fleet.Agent] = []
                try await eventually("the agent to be held", within: .seconds(30)) {
                    agents = try await fleet.listedAgents()
                    return agents.first?.held_because?.contains("credential") == true
                }
                #expect(agents.count == 1 && agents[0].capacity == 0)
                try await fleet.tasks(of: job, are: "failed", count: 0)
                #expect(try await fleet.ccctl(["results", job, "-o", "json"]).output.isEmpty)
                let agent = try #require(await fleet.agents["east"])
                await agent.stop()
                try await fleet.startAgent("east", instances: 2, environment: ["ANTHROPIC_API_KEY": "sk-right"])
                let rows = try await fleet.results(of: job)
                for (row, line) in zip(rows, ["NONCE-1", "NONCE-2", "NONCE-3"]) {
                    #expect(row.state == "succeeded" && row.result?.contains(line) == true)
                    // The first tries, the agent's own probes between, and the one that counted.
                    #expect(row.attempts <= 4, "\(row)")
                }
            }
        }
    }
}
