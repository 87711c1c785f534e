import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// Commands as tasks, and when they may run.
    @Suite struct CommandTests {
        @Test func exitCodesInputsAndRetries() async throws {
            try await withFleet(.withStandIn(), environment: ["CCO_RETRY_BASE": "1ms"]) { fleet in
                try await fleet.startExecAgent("east", instances: 3)
                let codes = try await fleet.exec(
                    ["sh", "-c", "echo said; exit {line}"], lines: ["0", "3", "200"], ["--max-attempts", "1"])
                let rows = try await fleet.results(of: codes, code: 1)
                #expect(rows.map(\.state) == ["succeeded", "failed", "failed"])
                #expect(rows.first?.result == "said\n")
                #expect(
                    rows.dropFirst().compactMap(\.error?.message)
                        == [3, 200].map { "the command ended with exit code \($0)" })
                let fed = try await fleet.exec(
                    ["sh", "-c", "cat; echo \" $GREETING\""], lines: ["from {line}", "second"],
                    ["--stdin", "--env", "GREETING=hello"])
                #expect(try await fleet.results(of: fed).map(\.result) == ["from {line} hello\n", "second hello\n"])

                // Of a job that has not finished, what failed is tried again.
                let flag = fleet.bench.scratch + "/flag"
                let job = try await fleet.exec(
                    ["sh", "-c", "{line}"], lines: ["test -e \(flag)", "exec sleep 1000"], ["--max-attempts", "1"])
                try await fleet.states(of: job, become: ["failed", "running"])
                _ = try fleet.bench.file("flag", "")
                #expect(try await fleet.verb(["retry", job, "-o", "json"]).contains("\"changed\":1"))
                try await fleet.states(of: job, become: ["succeeded", "running"])
                let attempts = try await fleet.verb(["attempts", "\(job).0", "-o", "quiet"]).split(separator: "\n")
                #expect(attempts.first == "transient", "\(attempts)")
                try await fleet.verb(["cancel", job])
                #expect(try await fleet.results(of: job, code: 1).map(\.attempts) == [2, 1])
            }
        }

        @Test func deadlinesExpireWhatWaitsAndWhatRuns() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east", instances: 1)
                try await fleet.agentsAreLive(1)
                let job = try await fleet.exec(["sleep", "1000"], lines: ["a", "b"], ["--deadline", "1500ms"])
                let rows = try await fleet.results(of: job, code: 1)
                #expect(rows.map(\.state) == ["expired", "expired"], "\(rows)")
                #expect(rows.map { $0.error?.class } == ["expired", "expired"])
                let next = try await fleet.exec(["true"])
                #expect(try await fleet.results(of: next).map(\.state) == ["succeeded"])
            }
        }

        @Test func whyNamesThePlaceTheHoldAndTheTask() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east", instances: 1)
                let block = try await fleet.exec(["sleep", "1000"])
                try await fleet.states(of: block, become: ["running"])
                let job = try await fleet.exec(["true"], lines: ["a", "b", "c"])
                let last = try await fleet.verb(["why", "\(job).2", "-o", "json"])
                #expect(last.contains("\"code\":\"no_slot\"") && last.contains("\"ahead\":2"), "\(last)")
                try await fleet.verb(["hold", "\(job).2"])
                #expect(try await fleet.verb(["why", "\(job).2", "-o", "quiet"]).contains("held"))
                let file = try fleet.bench.file(
                    "job.yaml",
                    "runner: exec\ncommand: [\"true\"]\ntasks:\n  - {name: a, prompt: a}\n  - {prompt: b, after: a}\n")
                let linked = try await fleet.submit(["--file", file])
                let blocked = try await fleet.verb(["why", "\(linked).1"])
                #expect(
                    blocked.contains("is blocked") && blocked.contains("it waits for task \(linked).0"), "\(blocked)")
                try await fleet.verb(["cancel", "\(block),\(job)"])
                #expect(try await fleet.results(of: linked).map(\.state) == ["succeeded", "succeeded"])
                #expect(try await fleet.verb(["why", "\(linked).1"]).contains("is succeeded"))
            }
        }
    }
}
