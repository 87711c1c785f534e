import ClusterTestKit
import Foundation
import Testing

/// Each measurement runs, small, against the programs of this build; no test looks at how fast anything was.
@Suite(.serialized) struct BenchTests {
    private func bench(_ words: String...) async throws -> [String: Any] {
        let bench = try Workbench(claude: "/bin/false")
        defer { bench.cleanUp() }
        let scratch = bench.scratch + "/bench"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
        let run = try await bench.run("ccctl", ["bench"] + words + ["--directory", scratch], within: .seconds(120))
        #expect(run.code == 0, "\(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty, "its scratch folder is removed")
        #expect(run.output.split(separator: "\n").count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let found = try #require(object)
        #expect(found["bench"] as? String == words[0])
        #expect(found["durability"] is String)
        return found
    }

    private func number(_ object: [String: Any], _ field: String) throws -> Double {
        try #require(object[field] as? Double, "\(field) is missing, or no number")
    }

    @Test(arguments: ["full", "normal", "off"]) func dispatchCountsEverythingAgain(durability: String) async throws {
        let found = try await bench(
            "dispatch", "--tasks", "300", "--payload", "100", "--batch", "50", "--durability", durability, "--runs",
            "2",
            "--backlog", "40")
        // A job that warms up, and two that are measured.
        #expect(try number(found, "recounted") == 900)
        #expect(try number(found, "lost") == 0)
        // Six batches, assignments and results at the least.
        #expect(try number(found, "commits") >= 3)
        for field in ["cycles_per_s", "submit_per_s"] {
            #expect(try number(found, field) > 0)
            #expect((found["all_" + field] as? [Any])?.count == 2)
        }
        // The kernel counts the others' in hundredths of a second, which few tasks may not fill.
        for program in ["coordinator", "agent"] { _ = try number(found, program + "_cpu_us_per_task") }
        #expect(try number(found, "client_cpu_us_per_task") > 0)
        #expect(try number(found, "coordinator_resident_mib") > 0)
        #expect(found["durability"] as? String == durability)
    }

    @Test func poolComparesAndWeighs() async throws {
        let sim = try Workbench.ownFolder() + "/claude-sim"
        let found = try await bench(
            "pool", "--claude", sim, "--turns", "5", "--runs", "2", "--instances", "3")
        for field in [
            "turn_ms", "raw_turn_ms", "task_ms", "raw_task_ms", "spawn_ms", "raw_spawn_ms", "first_result_ms",
            "raw_first_result_ms", "added_ms_a_turn", "added_ms_a_task", "guards_mib",
        ] { _ = try number(found, field) }
        #expect(try number(found, "switch_count") == 10 && number(found, "raw_switch_count") == 10)
        #expect(try number(found, "instances") == 3)
        #expect(try number(found, "mib_an_instance") > 0 && number(found, "agent_mib") > 0)
    }

    @Test func latencyMeasuresAllThree() async throws {
        let found = try await bench("latency", "--seconds", "1", "--load", "half", "--calibrate", "300")
        for part in ["submit", "submit_half_load", "next_task"] {
            for field in ["count", "p50_ms", "p99_ms", "max_ms"] { #expect(try number(found, "\(part)_\(field)") > 0) }
        }
        #expect(try number(found, "load_per_s") > 0)
    }

    @Test func recoverFindsEveryTask() async throws {
        let found = try await bench("recover", "--tasks", "2000", "--payload", "100", "--runs", "2")
        #expect(try number(found, "recounted") == 2000)
        #expect((found["all_s"] as? [Any])?.count == 2)
        for field in ["kill_to_first_assignment_s", "resident_mib_queued", "resident_mib_recovered", "submit_per_s"] {
            #expect(try number(found, field) > 0)
        }
    }

    @Test(arguments: ["none", "agents", "tasks"]) func agentsAreKeptAtWork(stagger: String) async throws {
        let found = try await bench(
            "agents", "--agents", "5", "--slots", "4", "--seconds", "1", "--task-seconds", "0.1", "--stagger", stagger)
        for field in ["slots_busy", "tasks_per_s", "client_cpu_us_per_task", "coordinator_resident_mib"] {
            #expect(try number(found, field) > 0)
        }
        #expect(try number(found, "slots_busy") <= 1)
        _ = try number(found, "coordinator_cpu_us_per_task")
    }

    @Test func spawnRunsBoth() async throws {
        let found = try await bench("spawn", "--tasks", "10", "--runs", "2")
        for field in ["per_s", "xargs_per_s", "ratio"] { #expect(try number(found, field) > 0) }
    }

    @Test func gatewayIsMeasuredAgainstDirectCalls() async throws {
        let found = try await bench(
            "gateway", "--streams", "5", "--seconds", "1", "--events", "4", "--stream-ms", "100", "--calls", "20")
        for way in ["direct", "gateway"] {
            #expect(try number(found, "first_byte_\(way)_count") == 20)
            #expect(try number(found, "first_byte_\(way)_under_load_count") > 0)
            for field in ["p50_ms", "p99_ms"] {
                #expect(try number(found, "first_byte_\(way)_\(field)") > 0)
                #expect(try number(found, "first_byte_\(way)_under_load_\(field)") > 0)
            }
        }
        // Each place ends the stream that it has when the time is up.
        #expect(try number(found, "streams_completed") >= 5)
        #expect(try number(found, "streams_open") > 0)
        for field in ["resident_mib_idle", "resident_mib_streams"] { #expect(try number(found, field) > 0) }
        // Differences: of a run this small, of either sign.
        for field in ["added_p50_ms", "added_p50_ms_under_load", "mb_a_stream"] { _ = try number(found, field) }
    }

    @Test func aFolderWithoutProgramsIsNamed() async throws {
        let bench = try Workbench(claude: "/bin/false")
        defer { bench.cleanUp() }
        let run = try await bench.run("ccctl", ["bench", "dispatch", "--programs", bench.scratch])
        #expect(run.code == 5)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("\(bench.scratch)/cc-coordinator is not there"))
    }

    @Test func wrongNumbersAreRefused() async throws {
        let bench = try Workbench(claude: "/bin/false")
        defer { bench.cleanUp() }
        let run = try await bench.run("ccctl", ["bench", "dispatch", "--tasks", "0"])
        #expect(run.code == 2)
        #expect(run.errors.contains("--tasks is a number from 1 to 5000000, found 0"))
    }
}
