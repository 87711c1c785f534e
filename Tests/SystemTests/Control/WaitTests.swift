import ClusterTestKit
import Foundation
import Testing

extension ControlLane {
    /// What `wait` ends with, and what `cancel` does.
    @Suite struct WaitTests {
        @Test func exitCodes() async throws {
            try await withFleet(.withStandIn()) { fleet in
                let waiting = try await fleet.submit(["nobody is there to do it"])
                let start = ContinuousClock.now
                let timedOut = try await fleet.ccctl(["wait", waiting, "--timeout", "0.5"])
                #expect(timedOut.code == 3 && ContinuousClock.now - start < .seconds(5), "\(timedOut)")

                let interrupted = try ManagedProcess(
                    fleet.bench, name: "wait", program: "ccctl",
                    ["--coordinator", fleet.clientsEndpoint, "wait", waiting],
                    environment: fleet.bench.environment())
                // It has nothing to say before; a second is many times what its start takes.
                try await Task.sleep(for: .seconds(1))
                interrupted.signal(SIGINT)
                #expect(try await interrupted.ended(within: .seconds(5)) == 130)

                let failing = try await fleet.submit(["[[max-turns]]"])
                try await fleet.startAgent("east", instances: 1)
                #expect(try await fleet.ccctl(["wait", failing, "--timeout", "30"]).code == 1)
                #expect(try await fleet.ccctl(["wait", "\(waiting),\(failing)", "--timeout", "30"]).code == 1)
                #expect(try await fleet.ccctl(["wait", waiting, "--timeout", "30"]).code == 0)
            }
        }

        @Test func ridesThroughARestartOfTheCoordinator() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 2)
                let lines = try fleet.bench.file("lines.txt", (1...2).map { "NONCE-\($0)\n" }.joined())
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "[[sleep: 12000]] {line}"])
                let wait = try ManagedProcess(
                    fleet.bench, name: "wait", program: "ccctl", ["--coordinator", fleet.clientsEndpoint, "wait", job],
                    environment: fleet.bench.environment())
                try await fleet.tasks(of: job, are: "running", count: 2)
                try await eventually("wait to reach the coordinator", within: .seconds(30)) {
                    try Self.isConnected(to: fleet.clientsEndpoint)
                }
                try await fleet.coordinator?.killNow()
                // Longer than ccctl tries for a coordinator that it never saw.
                try await Task.sleep(for: .seconds(6))
                #expect(wait.isRunning)
                try await fleet.startCoordinator()
                #expect(try await wait.ended() == 0, "\(wait.logTail())")
                let rows = try await fleet.results(of: job)
                #expect(rows.map(\.result) == (1...2).map { "NONCE-\($0) done" })
                #expect(rows.allSatisfy { $0.attempts == 1 }, "\(rows.map(\.attempts))")
            }
        }

        /// Whether a connection to the endpoint's port is established, as /proc/net/tcp has it: its fourth column is 01.
        private static func isConnected(to endpoint: String) throws -> Bool {
            let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
            let hexadecimal = String(port, radix: 16, uppercase: true)
            let suffix = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
            // Read to its end: it has no size, and what reads by sizes gets a part of it.
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/tcp"))
            let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            return table.split(separator: "\n").contains { line in
                let columns = line.split(separator: " ")
                return columns.count > 3 && columns[1].hasSuffix(suffix) && columns[3] == "01"
            }
        }

        @Test func cancelEndsWhatWaitsAndWhatRuns() async throws {
            try await withFleet(.withStandIn()) { fleet in
                try await fleet.startAgent("east", instances: 1)
                let lines = try fleet.bench.file("lines.txt", "one\ntwo\n")
                let job = try await fleet.submit(["--each-line", lines, "--prompt", "[[sleep: 60000]] {line}"])
                try await fleet.tasks(of: job, are: "running")
                let start = ContinuousClock.now
                let cancelled = try await fleet.ccctl(["cancel", job, "--output", "json"])
                #expect(cancelled.code == 0)
                #expect(cancelled.trimmed == "{\"job\":\(job),\"queued\":1,\"running\":1}")
                let rows = try await fleet.results(of: job, code: 1, within: 10)
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(rows.map(\.state) == ["cancelled", "cancelled"])
                #expect(rows.map(\.attempts) == [1, 0])
                #expect(rows.map { $0.error?.class } == ["cancelled", "cancelled"])
                // The instance is free again for the next.
                let next = try await fleet.submit(["NONCE-next"])
                #expect(try await fleet.results(of: next).first?.result == "NONCE-next done")
            }
        }
    }
}
