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

        @Test func pruneTakesTheBlobsThatNothingNamesAnyMore() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startExecAgent("east")
                // Over what travels inline: a blob as the prompt, another as the answer.
                func large(_ letter: String) async throws -> String {
                    let file = try fleet.bench.file(
                        "\(letter).jsonl", "{\"prompt\":\"\(String(repeating: letter, count: 100_000))\"}\n")
                    return try await fleet.submit(
                        ["--runner", "exec", "--stdin", "--from-json", file, "--", "cat"])
                }
                let (gone, kept) = (try await large("g"), try await large("k"))
                for job in [gone, kept] { #expect(try await fleet.results(of: job).count == 1) }
                let folder = fleet.dataDirectory + "/blobs"
                func blobs() throws -> [String] {
                    try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
                        ($0 as NSString).lastPathComponent.count == 64
                    }
                }
                // The answer of `cat` is its prompt: the same hash.
                #expect(try blobs().count == 2)
                for blob in try blobs() {
                    try FileManager.default.setAttributes(
                        [.modificationDate: Date(timeIntervalSinceNow: -2 * 86_400)], ofItemAtPath: "\(folder)/\(blob)")
                }
                try await fleet.verb(["prune", gone])
                try await eventually("the pruned job's blob to go", within: .seconds(30)) { try blobs().count == 1 }
                #expect(try await fleet.results(of: kept).first?.result?.count == 100_000)
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
