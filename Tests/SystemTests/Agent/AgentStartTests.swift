import ClusterTestKit
import Foundation
import Testing

extension AgentLane {
    /// What an agent says before it works at all.
    @Suite struct AgentStartTests {
        private static let key = ["ANTHROPIC_API_KEY": "sk-dummy"]

        @Test func whatIsMissingOrWrong() async throws {
            try await onBench(.withStandIn()) { bench in
                let plain = try bench.file("plain", "#!/bin/sh\n")
                let config = try bench.file("agent.yaml", "instances: 2\npolicy:\n  directory: [/tmp]\n")
                let cases: [(String, [String], [String: String], [String])] = [
                    (bench.claude, [], [:], ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "claude setup-token"]),
                    (bench.scratch + "/absent", [], Self.key, [bench.scratch + "/absent", "--claude"]),
                    (plain, [], Self.key, [plain, "executable"]),
                    ("/bin/true", [], Self.key, ["/bin/true", "does not answer as Claude Code"]),
                    ("no-such-command", [], Self.key, ["no-such-command", "PATH"]),
                    (bench.claude, ["--bogus"], Self.key, ["--bogus"]),
                    (bench.claude, ["--instances", "0"], Self.key, ["--instances"]),
                    (bench.claude, ["--name", "a b"], Self.key, ["--name"]),
                    (bench.claude, ["--coordinator", "garbage"], Self.key, ["--coordinator", "garbage"]),
                    (bench.claude, ["--coordinator", "tcp://192.0.2.1:7301"], Self.key, ["192.0.2.1", "loopback"]),
                    (bench.claude, ["--label", "nothing"], Self.key, ["--label"]),
                    (bench.claude, ["--config", config], Self.key, ["agent.yaml:3", "directory"]),
                ]
                for (claude, more, environment, words) in cases {
                    let run = try await bench.run(
                        "cc-agent",
                        [
                            "--coordinator", "tcp://127.0.0.1:1", "--claude", claude, "--state-dir",
                            bench.scratch + "/state",
                        ] + more, environment: environment, within: .seconds(30))
                    run.expectRefusal(2, words, "\(claude) \(more)")
                }
            }
        }

        /// As the tasks' own user, whom the agent runs as; as root nothing can keep them from it.
        @Test func aCommandCannotReadTheAgentsCredential() async throws {
            try await onBench(.withStandIn()) { bench in
                let fleet = try Fleet(bench)
                try await fleet.startCoordinator()
                try await fleet.startExecAgent("east")
                let agent = try #require(await fleet.agents["east"])
                let script = "head -c 1 /proc/\(agent.pid)/environ >/dev/null 2>&1 && echo read || echo kept; id -u"
                let job = try await fleet.exec(["/bin/sh", "-c", script])
                let answer = try #require(try await fleet.results(of: job).first?.result)
                let isRoot = answer.hasSuffix("\n0") || answer.hasSuffix("\n0\n")
                #expect(isRoot || answer.hasPrefix("kept"), "\(answer)")
                await fleet.stop()
            }
        }

        @Test func itWaitsForACoordinatorAndSaysSoOnce() async throws {
            let bench = try Workbench.withStandIn()
            try await onBench(bench) { bench in
                let fleet = try Fleet(bench)
                try await fleet.startAgent("east", instances: 1)
                let agent = try #require(await fleet.agents["east"])
                func told() -> Int {
                    agent.logTail(1000).split(separator: "\n").filter { $0.contains("there is no coordinator") }.count
                }
                try await eventually("the agent to say that it is alone", within: .seconds(10)) { told() > 0 }
                try await Task.sleep(for: .seconds(4))
                #expect(agent.isRunning && told() == 1, "\(agent.logTail())")
                #expect(agent.logTail(1000).split(separator: "\n").count <= 3, "\(agent.logTail())")
                try await fleet.startCoordinator()
                let job = try await fleet.submit(["NONCE-late"])
                #expect(try await fleet.results(of: job).first?.result == "NONCE-late done")
                #expect(agent.logTail(1000).contains("the coordinator is there"))
                await fleet.stop()
            }
        }

        @Test func aStateDirectoryOrANameInUse() async throws {
            try await withFleet(.withStandIn(), options: ["--lease", "5s"]) { fleet in
                let bench = fleet.bench
                try await fleet.startAgent("east", instances: 1)
                try await fleet.agentsAreLive(1)
                let common = ["--coordinator", fleet.agentsEndpoint, "--claude", bench.claude, "--instances", "1"]
                let sameState = try await bench.run(
                    "cc-agent", common + ["--name", "west", "--state-dir", bench.scratch + "/east"],
                    environment: Self.key, within: .seconds(20))
                sameState.expectRefusal(2, [bench.scratch + "/east", "in use"])
                let second = try ManagedProcess(
                    bench, name: "second", program: "cc-agent",
                    common + ["--name", "east", "--state-dir", bench.scratch + "/second"],
                    environment: bench.environment(Self.key))
                try await eventually("the second to be told", within: .seconds(10)) {
                    second.logTail().contains("an agent named east is already here")
                }
                // It may be a restart of the same one: it asks again, without a word more.
                #expect(second.isRunning)
                let job = try await fleet.submit(["NONCE-first"])
                #expect(try await fleet.results(of: job).first?.agent == "east")
                try await fleet.agents["east"]?.killNow()
                let next = try await fleet.submit(["NONCE-second"])
                #expect(try await fleet.results(of: next).first?.result == "NONCE-second done")
                let lines = second.logTail(1000).split(separator: "\n").filter { $0.contains("already here") }
                #expect(lines.count == 1, "\(second.logTail())")
                await second.stop()
            }
        }
    }
}
