import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// Limits with the real CLI: its calls go through the gateway, and wait there.
    @Suite struct QuotaTests {
        private func quota(_ fleet: Fleet, _ arguments: [String]) async throws -> String {
            let run = try await fleet.ccctl(["quota"] + arguments)
            #expect(run.code == 0, "\(arguments): \(run.errors)")
            return run.output
        }

        @Test func whatWaitsIsExplainedAndGoesWhenTheLimitIsRaised() async throws {
            try await withFleet(.withRealClaude(), simulator: [], options: ["--quota", "claude.requests=1/h,burst=2"]) {
                fleet in
                try await fleet.startAgent("east", instances: 2)
                let lines = try fleet.bench.file("lines.txt", "NONCE-a\nNONCE-b\nNONCE-c\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "Answer {line}"])
                // One of the burst is kept back for calls that overtake each other on their way.
                try await eventually("a call to wait", within: .seconds(60)) {
                    let shown = try await fleet.ccctl(["quota", "--json"]).output
                    return shown.contains(#""waiting":1"#) || shown.contains(#""waiting":2"#)
                }
                #expect(try await fleet.api.stats().total == 1)
                let running = try #require(try await fleet.states(of: job).firstIndex(of: "running"))
                let why = try await fleet.ccctl(["why", "\(job).\(running)"]).output
                #expect(why.contains("claude.requests has 0 left"), "\(why)")
                let explained = try await quota(fleet, ["explain", "claude.requests"])
                #expect(explained.contains("\(job).") && explained.contains("has 0 left"), "\(explained)")

                let set = try await quota(fleet, ["set", "claude.requests", "600/min", "--burst", "10"])
                #expect(set.contains("600/min"), "\(set)")
                let rows = try await fleet.results(of: job)
                #expect(rows.map(\.state) == ["succeeded", "succeeded", "succeeded"])
                #expect(rows.allSatisfy { $0.attempts == 1 })
                let stats = try await fleet.api.stats()
                #expect(stats.total == 3 && stats.ok == 3)

                // What a user set is kept over a restart; what was configured comes back with a reset.
                try await fleet.coordinator?.killNow()
                try await fleet.startCoordinator()
                #expect(try await quota(fleet, []).contains("600/min"))
                _ = try await quota(fleet, ["reset", "claude.requests"])
                #expect(try await quota(fleet, []).contains("1/h,burst=2"))
                let unknown = try await fleet.ccctl(["quota", "reset", "claude.tokens"])
                #expect(unknown.code == 2 && unknown.errors.contains("no limit claude.tokens"), "\(unknown)")
            }
        }

        @Test func aTaskDoesNotSeeTheKey() async throws {
            try await withFleet(.withRealClaude(), simulator: ["--api-key", "sk-the-real-one"]) { fleet in
                try await fleet.startAgent("east", instances: 1, environment: ["ANTHROPIC_API_KEY": "sk-the-real-one"])
                let folder = try fleet.bench.folder("work")
                let task = "Print it NONCE-key [[bash: env  > \(folder)/environment.txt]]"
                let job = try await fleet.submit([task, "--allowed-tools", "Bash", "--directory", folder])
                #expect(try await fleet.results(of: job).map(\.state) == ["succeeded"])
                let printed = try String(contentsOfFile: folder + "/environment.txt", encoding: .utf8)
                let environment = printed.split(separator: "\n").filter { $0.hasPrefix("ANTHROPIC_") }
                #expect(environment.contains { $0.hasPrefix("ANTHROPIC_BASE_URL=http://127.0.0.1:") }, "\(environment)")
                #expect(environment.contains { $0.hasPrefix("ANTHROPIC_API_KEY=") }, "\(environment)")
                #expect(!environment.contains { $0.contains("sk-the-real-one") }, "\(environment)")
                // The API let every call in, so each came with the real key.
                let stats = try await fleet.api.stats()
                #expect(stats.ok == 2 && stats.total == 2)
            }
        }

        @Test func aRefusalIsWaitedForAndTheCLINeverSeesIt() async throws {
            try await withFleet(.withRealClaude(), simulator: []) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let job = try await fleet.submit(["Answer NONCE-once [[status-once: 429]]"])
                let row = try #require(try await fleet.results(of: job).first)
                #expect(row.state == "succeeded" && row.attempts == 1)
                let stats = try await fleet.api.stats()
                #expect(stats.status429 == 1 && stats.ok == 1 && stats.total == 2)
            }
        }

        @Test func aShadowCountsAndHoldsNothing() async throws {
            let options = ["--quota", "claude.requests=1/day,burst=1,shadow"]
            try await withFleet(.withRealClaude(), simulator: [], options: options) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let lines = try fleet.bench.file("lines.txt", "NONCE-a\nNONCE-b\nNONCE-c\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "Answer {line}"])
                #expect(try await fleet.results(of: job).map(\.state) == ["succeeded", "succeeded", "succeeded"])
                let explained = try await quota(fleet, ["explain", "claude.requests"])
                #expect(explained.contains("2 calls would have waited"), "\(explained)")
            }
        }
    }
}
