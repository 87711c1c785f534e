import ClusterTestKit
import Foundation
import Testing

extension CoordinatorLane {
    /// What is kept, copied and forgotten.
    @Suite struct RetentionTests {
        @Test func pruneForgetsAndNeverReusesANumber() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east")
                let job = try await fleet.exec(["echo", "{line}"], lines: ["a", "b", "c"])
                #expect(try await fleet.results(of: job).count == 3)
                try await fleet.verb(["prune", "--older-than", "1ms", "--dry-run"])
                #expect(try await fleet.states(of: job).count == 3)
                try await fleet.verb(["prune", job])
                try await eventually("job \(job) to be forgotten", within: .seconds(30)) {
                    try await fleet.ccctl(["status", job]).code != 0
                }
                try await fleet.coordinator?.killNow()
                try await fleet.startCoordinator()
                let next = try await fleet.exec(["true"])
                #expect(Int(next) == (Int(job) ?? 0) + 1)
                #expect(try await fleet.results(of: next).count == 1)
            }
        }

        @Test func backupRestoreAndCheck() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east")
                let job = try await fleet.exec(["echo", "{line}"], lines: ["a", "b", "c"])
                #expect(try await fleet.results(of: job).count == 3)
                let slow = try await fleet.exec(["sleep", "1000"])
                try await fleet.states(of: slow, become: ["running"])
                let (copy, restored) = (fleet.bench.scratch + "/copy", fleet.bench.scratch + "/restored")
                try await fleet.verb(["backup", copy])
                try await fleet.verb(["store", "check", "--data-dir", copy])
                try await fleet.verb(["restore", copy, "--data-dir", restored])
                try await fleet.verb(["cancel", slow])

                try await onBench(.withStandIn()) { bench in
                    let second = try Fleet(bench, coordinatorOptions: ["--data-dir", restored])
                    try await second.startCoordinator()
                    #expect(try await second.results(of: job).map(\.result) == ["a\n", "b\n", "c\n"])
                    // What ran when the copy was made runs again.
                    #expect(try await second.states(of: slow) == ["queued"])
                    await second.stop()
                }
                // A damaged file is named.
                let file = restored + "/coordinator.sqlite"
                var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
                for place in stride(from: 4096, to: bytes.count, by: 61) { bytes[place] ^= 0xFF }
                try bytes.write(to: URL(fileURLWithPath: file))
                let found = try await fleet.ccctl(["store", "check", "--data-dir", restored])
                #expect(found.code != 0 && !(found.output + found.errors).isEmpty, "\(found)")
            }
        }
    }
}
