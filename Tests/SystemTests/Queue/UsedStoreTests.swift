import ClusterTestKit
import Foundation
import Testing

extension QueueLane {
    /// A store that was used, copied while work came in, and put to use again.
    @Suite struct UsedStoreTests {
        @Test func aCopyTakenUnderLoadHasEveryAcknowledgedResult() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let bench = fleet.bench
                try await fleet.startAgent(
                    "east", instances: 1, ["--runner", "noop"], environment: ["CCO_OFFER_NOOP": "true"])
                let lines = try bench.file("lines.txt", (0..<2000).map { "line-\($0)\n" }.joined())
                let done = try await fleet.submit(["--each-line", lines, "--runner", "noop"])
                #expect(try await fleet.results(of: done).count == 2000)
                let waiting = try await fleet.submit(["--each-line", lines, "--runner", "noop", "--paused"])
                let (copy, restored) = (bench.scratch + "/copy", bench.scratch + "/restored")
                try await fleet.verb(["resume", waiting])
                try await fleet.verb(["backup", copy])
                #expect(try await fleet.results(of: waiting).count == 2000)
                try await fleet.coordinator?.killNow()
                let check = try await bench.run("ccctl", ["store", "check", "--data-dir", fleet.dataDirectory])
                #expect(check.code == 0, "\(check)")
                let restore = try await bench.run("ccctl", ["restore", copy, "--data-dir", restored])
                #expect(restore.code == 0, "\(restore)")
                let ids = (try await Disks.storeID(in: fleet.dataDirectory), try await Disks.storeID(in: restored))
                #expect(ids.0 != ids.1)
                let second = try Fleet(bench, coordinatorOptions: ["--data-dir", restored])
                try await second.startCoordinator()
                // What had ended before the copy has its results; what had not is done once more.
                #expect(try await second.ccctl(["wait", done]).code == 0)
                try await second.startAgent(
                    "west", instances: 1, ["--runner", "noop"], environment: ["CCO_OFFER_NOOP": "true"])
                let rows = try await second.results(of: "\(done),\(waiting)")
                #expect(rows.count == 4000 && rows.allSatisfy { $0.result == $0.input })
                #expect(rows.prefix(2000).allSatisfy { $0.agent == "east" })
                await second.stop()
            }
        }
    }
}
