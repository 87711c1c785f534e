import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// The scenes with long jobs, in short.
    @Suite struct SceneTests {
        @Test func aFileSubmittedThroughKills() async throws {
            try await onBench(.withStandIn()) { bench in
                let line = try await BulkScene().run(bench)
                #expect(line.contains("\"results\":20000,\"missing\":0,\"repeated\":0"), "\(line)")
            }
        }

        @Test func controlVerbsOnALongJob() async throws {
            try await onBench(.withStandIn()) { bench in
                let run = try await bench.run(
                    "fleet-scenes", ["big-job", "--tasks", "20000", "--claude", bench.claude], within: .seconds(110))
                #expect(run.code == 0, "\(run.output)\(run.errors)")
                #expect(run.output.contains("\"verb\":\"prune\""), "\(run.output)")
            }
        }
    }
}
