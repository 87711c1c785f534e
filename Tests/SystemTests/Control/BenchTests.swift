import ClusterTestKit
import Foundation
import Testing

extension AgentLane {
    /// Each benchmark at a tiny size: it runs, and counts nothing as zero. No time is judged.
    @Suite struct BenchTests {
        @Test(arguments: [
            (["dispatch", "--tasks", "2000", "--runs", "1"], ["cycles_per_s", "commits", "recounted"]),
            (["dispatch", "--tasks", "500", "--runs", "1", "--durability", "off", "--batch", "10"], ["cycles_per_s"]),
            (
                ["latency", "--seconds", "0.3", "--tasks", "2000"],
                ["submit_count", "submit_half_load_count", "next_task_count"]
            ),
            (
                ["recover", "--tasks", "3000", "--payload", "100", "--runs", "1"],
                ["kill_to_first_assignment_s", "resident_mib_queued"]
            ),
            (
                ["agents", "--agents", "5", "--slots", "4", "--seconds", "1", "--task-seconds", "0.2"],
                ["slots_busy", "tasks_per_s"]
            ),
            (["spawn", "--tasks", "20", "--runs", "1"], ["per_s", "xargs_per_s", "ratio"]),
        ])
        func runs(arguments: [String], fields: [String]) async throws {
            try await onBench(.withStandIn()) { bench in
                let run = try await bench.run(
                    bench.program("ccctl"), ["bench"] + arguments + ["--directory", bench.scratch])
                #expect(run.code == 0, "\(run.errors)")
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
                for field in fields {
                    let value = (object[field] as? NSNumber)?.doubleValue
                    #expect((value ?? 0) > 0, "\(field) is \(value.map { "\($0)" } ?? "missing"): \(run.output)")
                }
                if let lost = object["lost"] as? Int { #expect(lost == 0) }
                let left = try FileManager.default.contentsOfDirectory(atPath: bench.scratch)
                #expect(!left.contains { $0.hasPrefix("ccctl-bench-") }, "\(left)")
            }
        }

        @Test func whatCannotBeRunIsToldInWords() async throws {
            try await onBench(.withStandIn()) { bench in
                let ccctl = try bench.program("ccctl")
                let missing = try await bench.run(ccctl, ["bench", "dispatch", "--programs", "/nowhere"])
                #expect(
                    missing.code != 0 && missing.errors.contains("there is no cc-coordinator in /nowhere"), "\(missing)"
                )
                let wrong = try await bench.run(ccctl, ["bench", "dispatch", "--durability", "some"])
                #expect(wrong.code == 2 && wrong.errors.contains("full, normal or off"), "\(wrong)")
            }
        }
    }
}
