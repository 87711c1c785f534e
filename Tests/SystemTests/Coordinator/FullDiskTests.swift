import ClusterTestKit
import Foundation
import Testing

extension CoordinatorLane {
    /// A coordinator on a small disk of its own: a tmpfs that only it sees, and that goes with it.
    @Suite struct FullDiskTests {
        private static let isSkipped = ProcessInfo.processInfo.environment["CCO_TEST_SKIP_MOUNTS"] == "1"

        private func mounting(_ directory: String) throws -> [String] {
            let namespace = geteuid() == 0 ? "-m" : "-rm"
            let check = try SpawnedProcess(
                "/usr/bin/unshare", [namespace, "mount", "-t", "tmpfs", "tmpfs", directory],
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
            guard check.wait() == 0 else {
                throw SceneError(
                    "no file system can be mounted in a namespace here: run as root, or set CCO_TEST_SKIP_MOUNTS=1")
            }
            return [
                "/usr/bin/unshare", namespace, "/bin/sh", "-c",
                "mount -t tmpfs -o size=8m,mode=700 tmpfs \"$0\" && exec \"$@\"", directory,
            ]
        }

        @Test(.enabled(if: !isSkipped), arguments: ["0", "4MiB"])
        func submitsAreRefusedAndNothingAcknowledgedIsLost(reserve: String) async throws {
            let bench = try Workbench.withStandIn()
            try await onBench(bench) { bench in
                let fleet = try Fleet(bench, coordinatorEnvironment: ["CCO_MIN_FREE_DISK": reserve])
                let wrapper = try mounting(try bench.folder("coordinator"))
                do {
                    try await fleet.startCoordinator(under: wrapper)
                    try await play(fleet)
                } catch {
                    if let coordinator = await fleet.coordinator {
                        print("--- cc-coordinator\n\(coordinator.logTail())")
                    }
                    await fleet.stop()
                    throw error
                }
                await fleet.stop()
            }
        }

        private func play(_ fleet: Fleet) async throws {
            let lines = try fleet.bench.file("lines.txt", (1...20).map { "NONCE-\($0)\n" }.joined())
            let kept = try await fleet.submit(["--each-line", lines])
            let coordinator = try #require(await fleet.coordinator)
            let ballast = "/proc/\(coordinator.pid)/root" + fleet.dataDirectory + "/ballast"
            try fill(ballast)
            // With nothing reserved the first write that finds no room tells; with a reserve, the next measurement.
            let large = try fleet.bench.file("large.txt", String(repeating: "x", count: 60_000) + "\n")
            var last: Fleet.Run?
            try await eventually("a submit to be refused", within: .seconds(20)) {
                let run = try await fleet.ccctl(["submit", "--each-line", large, "-o", "quiet"])
                last = run
                return run.code != 0
            }
            let refused = try #require(last)
            refused.expectRefusal(5, ["disk"])
            let jobs = try await fleet.ccctl(["jobs", "-o", "quiet"])
            // An agent that comes now cannot be written down; clients are answered all the same, and the coordinator lives.
            try await fleet.startAgent("east", instances: 2)
            try await eventually("the agent's hello to fail for want of room", within: .seconds(20)) {
                try String(contentsOfFile: coordinator.log, encoding: .utf8).contains("in_a_row=2")
            }
            #expect(try await fleet.ccctl(["jobs", "-o", "quiet"]).output == jobs.output)
            #expect(coordinator.isRunning, "\(coordinator.logTail())")
            try FileManager.default.removeItem(atPath: ballast)
            try await fleet.agentsAreLive(1)
            let rows = try await fleet.results(of: kept)
            #expect(rows.map(\.result) == (1...20).map { "NONCE-\($0) done" })
            // What was acknowledged on the way, and nothing of what was refused.
            #expect(try await fleet.ccctl(["jobs", "-o", "quiet"]).output == jobs.output)
            try await eventually("submits to be taken again", within: .seconds(20)) {
                try await fleet.ccctl(["submit", "NONCE-again", "-o", "quiet"]).code == 0
            }
            #expect(try await fleet.results(of: "last").first?.result == "NONCE-again done")
        }

        /// Writes until there is no room.
        private func fill(_ path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw SceneError("\(path): \(String(cString: strerror(errno)))") }
            defer { close(file) }
            let bytes = [UInt8](repeating: 0, count: 4096)
            while write(file, bytes, bytes.count) > 0 {}
            guard errno == ENOSPC else { throw SceneError("\(path): \(String(cString: strerror(errno)))") }
        }
    }
}
