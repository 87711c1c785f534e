import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// Agents that fall silent while they have work.
    @Suite struct LostAgentTests {
        private static let options = ["--lease", "1500ms"]
        private static let environment = ["CCO_SUSPECT_AFTER": "700ms", "CCO_HEARTBEAT": "200ms"]

        @Test func aStaleResultIsSetAside() async throws {
            try await withFleet(.withStandIn(), options: Self.options, environment: Self.environment) { fleet in
                let go = fleet.bench.scratch + "/go"
                let command = ["sh", "-c", "while ! test -e \(go); do sleep 0.02; done; echo {line}"]
                try await fleet.startExecAgent("east", instances: 1)
                try await fleet.agentsAreLive(1)
                let job = try await fleet.exec(command, lines: ["done"])
                try await fleet.states(of: job, become: ["running"])
                let east = try #require(await fleet.agents["east"])
                // Without a coordinator the result stays in the outbox, and there the agent is stopped.
                try await fleet.coordinator?.killNow()
                _ = try fleet.bench.file("go", "")
                try await eventually("a result in the outbox", within: .seconds(20)) {
                    try await Disks.heldTasks(ofAgent: fleet.bench.scratch + "/east").count == 1
                }
                east.signal(SIGSTOP)
                try await fleet.startCoordinator()
                try await fleet.startExecAgent("west", instances: 1)
                let row = try #require(try await fleet.results(of: job).first)
                #expect(row.agent == "west" && row.attempts == 2 && row.result == "done\n", "\(row)")
                #expect(try await fleet.verb(["set-aside", "--output", "json"]).isEmpty)
                east.signal(SIGCONT)
                var aside = ""
                try await eventually("the stale result to be set aside", within: .seconds(30)) {
                    aside = try await fleet.verb(["set-aside", "--output", "json"])
                    return !aside.isEmpty
                }
                struct Aside: Decodable {
                    var task: String
                    var attempt: Int
                    var agent: String
                    var answer: String?
                }
                let kept = try JSONDecoder().decode(Aside.self, from: Data(aside.utf8))
                #expect(kept.task == "\(job).0" && kept.attempt == 1 && kept.agent == "east", "\(aside)")
                #expect(kept.answer == "done\n", "\(aside)")
                #expect(try await fleet.verb(["set-aside", "-o", "quiet"]).contains("\(job).0#1"))
                #expect(try await fleet.results(of: job).first?.agent == "west")
                let attempts = try await fleet.verb(["attempts", "\(job).0", "-o", "json"]).split(separator: "\n")
                #expect(attempts.first?.contains("\"given_up\":true") == true, "\(attempts)")
            }
        }

        @Test func aTaskWhoseEffectMustNotHappenTwiceIsHeld() async throws {
            try await withFleet(.withStandIn(), options: Self.options, environment: Self.environment) { fleet in
                try await fleet.startExecAgent("east", instances: 1)
                let flag = fleet.bench.scratch + "/second"
                let job = try await fleet.exec(
                    ["sh", "-c", "test -e \(flag) || exec sleep 1000"], lines: ["x"], ["--on-lost", "hold"])
                try await fleet.states(of: job, become: ["running"])
                try await fleet.agents["east"]?.killNow()
                try await fleet.startExecAgent("west", instances: 1)
                try await fleet.states(of: job, become: ["held"])
                #expect(try await fleet.verb(["why", "\(job).0", "-o", "quiet"]).contains("held"))
                _ = try fleet.bench.file("second", "")
                try await fleet.verb(["release", job])
                let row = try #require(try await fleet.results(of: job).first)
                #expect(row.agent == "west" && row.attempts == 2, "\(row)")
            }
        }
    }
}
