import ClusterTestKit
import Foundation
import Testing

extension ControlLane {
    /// Each control verb, on real processes.
    @Suite struct ControlVerbTests {
        @Test func pauseAndResume() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.verb(["pause"])
                try await fleet.startExecAgent("east")
                let first = try await fleet.exec(["true"])
                let second = try await fleet.exec(["true"], lines: ["x"], ["--paused"])
                try await fleet.agentsAreLive(1)
                #expect(try await fleet.verb(["why", "\(first).0"]).contains("the queue is paused"))
                #expect(try await fleet.states(of: first) == ["queued"])
                try await fleet.verb(["resume"])
                #expect(try await fleet.results(of: first).count == 1)
                #expect(try await fleet.states(of: second) == ["queued"])
                #expect(try await fleet.verb(["why", "\(second).0"]).contains("is paused"))
                try await fleet.verb(["resume", second])
                #expect(try await fleet.results(of: second).count == 1)
            }
        }

        @Test func cancelHoldAndRelease() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east", instances: 1)
                let slow = try await fleet.exec(["sleep", "{line}"], lines: ["1000", "1000", "1000"])
                try await fleet.states(of: slow, become: ["running", "queued", "queued"])
                try await fleet.verb(["hold", "\(slow).1"])
                #expect(try await fleet.states(of: slow) == ["running", "held", "queued"])
                #expect(try await fleet.verb(["why", "\(slow).1"]).contains("held by the user"))
                try await fleet.verb(["cancel", "\(slow).0"])
                try await fleet.states(of: slow, become: ["cancelled", "held", "running"])
                try await fleet.verb(["release", "\(slow).1"])
                try await fleet.verb(["cancel", slow])
                try await fleet.states(of: slow, become: ["cancelled", "cancelled", "cancelled"])
                // The agent goes on.
                let next = try await fleet.exec(["echo", "{line}"], lines: ["still here"])
                #expect(try await fleet.results(of: next).map(\.result) == ["still here\n"])
            }
        }

        @Test func retryKeepsEveryAttempt() async throws {
            try await withFleet(.withStandIn(), environment: ["CCO_RETRY_BASE": "1ms"]) { fleet in
                try await fleet.startExecAgent("east")
                let flag = fleet.bench.scratch + "/there"
                let job = try await fleet.exec(["test", "-e", "{line}"], lines: [flag], ["--max-attempts", "2"])
                #expect(try await fleet.results(of: job, code: 1).map(\.state) == ["failed"])
                #expect(
                    try await fleet.verb(["attempts", "\(job).0", "--output", "json"]).split(separator: "\n").count == 2
                )
                _ = try fleet.bench.file("there", "")
                try await fleet.verb(["retry", job])
                let rows = try await fleet.results(of: job)
                #expect(rows.map(\.state) == ["succeeded"] && rows.map(\.attempts) == [3])
                let attempts = try await fleet.verb(["attempts", "\(job).0", "--output", "json"]).split(separator: "\n")
                #expect(attempts.count == 3, "\(attempts)")
            }
        }

        @Test func priorityChangesWhoGoesFirst() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east", instances: 1)
                let block = try await fleet.exec(["sleep", "1000"])
                try await fleet.states(of: block, become: ["running"])
                let log = fleet.bench.scratch + "/order"
                let first = try await fleet.exec(["sh", "-c", "echo {line} >> \(log)"], lines: ["first"])
                let second = try await fleet.exec(["sh", "-c", "echo {line} >> \(log)"], lines: ["second"])
                try await fleet.verb(["priority", second, "high"])
                #expect(try await fleet.verb(["why", "\(first).0"]).contains("holds 1 of 1"))
                try await fleet.verb(["cancel", block])
                _ = try await fleet.results(of: first)
                _ = try await fleet.results(of: second)
                #expect(try String(contentsOfFile: log, encoding: .utf8) == "second\nfirst\n")
            }
        }

        @Test func drainOutlivesTheCoordinator() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east")
                try await fleet.agentsAreLive(1)
                try await fleet.verb(["drain", "east"])
                #expect(try await fleet.listedAgents().map(\.state) == ["draining"])
                try await fleet.coordinator?.killNow()
                try await fleet.startCoordinator()
                let job = try await fleet.exec(["true"])
                try await eventually("the drained agent to be back", within: .seconds(30)) {
                    try await fleet.listedAgents().map(\.state) == ["draining"]
                }
                #expect(try await fleet.verb(["why", "\(job).0"]).contains("drained"))
                #expect(try await fleet.states(of: job) == ["queued"])
                try await fleet.verb(["undrain", "east"])
                #expect(try await fleet.results(of: job).count == 1)
            }
        }

        @Test func whyNamesWhatIsMissing() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let labelled = try await fleet.exec(["true"], lines: ["x"], ["--needs", "gpu=a100"])
                #expect(try await fleet.verb(["why", "\(labelled).0"]).contains("no agent is connected"))
                try await fleet.startExecAgent("east")
                try await fleet.agentsAreLive(1)
                #expect(try await fleet.verb(["why", "\(labelled).0"]).contains("has no label gpu=a100"))
                let prompt = try await fleet.submit(["a prompt for claude"])
                #expect(try await fleet.verb(["why", "\(prompt).0"]).contains("does not run claude tasks"))
                let narrow = try await fleet.exec(["sleep", "1000"], lines: ["a", "b"], ["--max-parallel", "1"])
                try await fleet.states(of: narrow, become: ["running", "queued"])
                #expect(try await fleet.verb(["why", "\(narrow).1"]).contains("1 at once is its limit"))
                let after = try await fleet.exec(["true"], lines: ["x"], ["--after", narrow])
                #expect(try await fleet.verb(["why", "\(after).0"]).contains("waits for job \(narrow)"))
                try await fleet.startExecAgent("gpu", labels: "gpu=a100")
                #expect(try await fleet.results(of: labelled).map(\.agent) == ["gpu"])
                // What it waits for did not succeed: it is skipped.
                try await fleet.verb(["cancel", narrow])
                try await fleet.states(of: after, become: ["skipped"])
            }
        }

        @Test func tasksOfAJobFileWaitForEachOther() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east", instances: 4)
                let log = fleet.bench.scratch + "/order"
                func step(_ name: String, _ after: String) -> String {
                    "  - name: \(name)\n    prompt: \(name)\n\(after.isEmpty ? "" : "    after: [\(after)]\n")"
                }
                let file = try fleet.bench.file(
                    "job.yaml",
                    "runner: exec\ncommand: [sh, -c, \"echo {line} >> \(log)\"]\ntasks:\n" + step("last", "left, right")
                        + step("left", "root") + step("right", "root") + step("root", ""))
                let job = try await fleet.submit(["--file", file])
                _ = try await fleet.results(of: job)
                let order = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
                #expect(order.first == "root" && order.last == "last" && order.count == 4)
                let stopping = try await fleet.exec(
                    ["false"], lines: (0..<20).map { "\($0)" },
                    ["--fail-fast", "--max-parallel", "1", "--max-attempts", "1"])
                #expect(try await fleet.ccctl(["wait", stopping, "--timeout", "60"]).code == 1)
                let states = try await fleet.states(of: stopping)
                #expect(states.first == "failed" && states.dropFirst().allSatisfy { $0 == "skipped" })
            }
        }

        @Test func keysMakeASubmitSafeToRepeat() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let first = try await fleet.exec(["true"], lines: ["a", "b"], ["--key", "tonight"])
                let again = try await fleet.exec(["true"], lines: ["a", "b"], ["--key", "tonight"])
                #expect(first == again)
                #expect(try await fleet.states(of: first).count == 2)
            }
        }
    }
}
