import ClusterTestKit
import Foundation
import Testing

extension CoordinatorLane {
    /// What keeps a coordinator from starting, in one sentence each, and how it stops.
    @Suite struct StartTests {
        @Test func aPortOrADataDirectoryInUse() async throws {
            try await withFleet(.withStandIn()) { fleet in
                #expect(try await fleet.ccctl(["jobs"]).code == 0)
                let bench = fleet.bench
                let samePorts = try await bench.run(
                    "cc-coordinator", fleet.coordinatorFlags + ["--data-dir", bench.scratch + "/other"],
                    within: .seconds(20))
                samePorts.expectRefusal(3, [fleet.agentsEndpoint, "in use"])
                let other = try Fleet(bench)
                let sameData = try await bench.run("cc-coordinator", other.coordinatorFlags, within: .seconds(20))
                sameData.expectRefusal(3, [fleet.dataDirectory, "in use"])
                #expect(try await fleet.ccctl(["jobs"]).code == 0)
            }
        }

        @Test func wrongSettings() async throws {
            try await onBench(.withStandIn()) { bench in
                let data = bench.scratch + "/never"
                let config = try bench.file("coordinator.yaml", "# settings\nlease: 9s\nleese: 4s\n")
                let value = try bench.file("value.yaml", "lease: soon\n")
                let cases: [([String], [String])] = [
                    (
                        ["--agents-endpoint", "tcp://0.0.0.0:7301"],
                        ["tcp://0.0.0.0:7301", "loopback", "ccctl keys new"]
                    ),
                    (["--clients-endpoint", "tcp://192.0.2.1:7302"], ["tcp://192.0.2.1:7302", "loopback"]),
                    (["--blobs-endpoint", "tcp://*:7304"], ["tcp://*:7304", "ccctl keys new"]),
                    (["--http", "0.0.0.0:7303"], ["--http", "loopback"]),
                    (["--agents-endpoint", "garbage"], ["--agents-endpoint", "garbage"]),
                    (["--config", config], ["coordinator.yaml:3", "leese", "lease"]),
                    (["--config", value], ["value.yaml:1", "lease"]),
                    (["--lease", "soon"], ["--lease"]),
                    (["--bogus"], ["--bogus"]),
                ]
                for (arguments, words) in cases {
                    let run = try await bench.run(
                        "cc-coordinator", ["--data-dir", data] + arguments, within: .seconds(20))
                    run.expectRefusal(2, words, arguments.joined(separator: " "))
                }
                let named = try await bench.run(
                    "cc-coordinator", ["--data-dir", data], environment: ["CCO_LEASE": "soon"], within: .seconds(20))
                named.expectRefusal(2, ["CCO_LEASE"])
                #expect(!FileManager.default.fileExists(atPath: data))
            }
        }

        @Test func aSecretThatOthersCanReadIsRefused() async throws {
            try await withFleet(.withStandIn()) { fleet in
                #expect(try await fleet.ccctl(["jobs"]).code == 0)
                let bench = fleet.bench
                let secret = bench.scratch + "/home/.local/state/cc-orchestrator/loopback.secret"
                let made = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int
                #expect(made == 0o600)
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: secret)
                let other = try Fleet(bench)
                let words = [secret, "644"]
                try await bench.run(
                    "cc-coordinator", other.coordinatorFlags + ["--data-dir", bench.scratch + "/other"],
                    within: .seconds(20)
                ).expectRefusal(1, words)
                try await fleet.ccctl(["jobs"]).expectRefusal(5, words)
                try await fleet.startAgent("east", instances: 1)
                let agent = try #require(await fleet.agents["east"])
                #expect(try await agent.ended(within: .seconds(20)) == 2)
                #expect(agent.logTail().contains(secret), "\(agent.logTail())")
            }
        }

        @Test func whatWasAcknowledgedIsThereAfterAnEnd() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let done = try await fleet.submit(["NONCE-done"])
                let before = try await fleet.results(of: done)
                await fleet.agents["east"]?.stop()
                let lines = try fleet.bench.file("lines.txt", (1...50).map { "NONCE-\($0)\n" }.joined())
                let waiting = try await fleet.submit(["--each-line", lines, "--name", "waiting"])
                let first = try #require(await fleet.coordinator)
                first.signal(SIGTERM)
                #expect(try await first.ended(within: .seconds(10)) == 0, "\(first.logTail())")
                try await fleet.startCoordinator()
                let rows = try await fleet.results(of: done)
                #expect(
                    rows.map(\.result) == before.map(\.result) && rows.first?.finished_at == before.first?.finished_at)
                #expect(
                    try await fleet.ccctl(["tasks", waiting, "--state", "queued", "-o", "quiet"]).output
                        .split(separator: "\n").count == 50)
                // SIGKILL right after an acknowledgement loses nothing either.
                let last = try await fleet.submit(["NONCE-last"])
                try await fleet.coordinator?.killNow()
                try await fleet.startCoordinator()
                try await fleet.startAgent("east", instances: 2)
                #expect(try await fleet.results(of: waiting).count == 50)
                #expect(try await fleet.results(of: last).first?.result == "NONCE-last done")
            }
        }
    }
}
