import ClusterTestKit
import Foundation
import Testing

extension CoordinatorLane {
    /// The coordinator's HTTP: for supervisors on the same machine, and for nobody who names another host.
    @Suite struct HealthTests {
        @Test func aliveReadyAndLoopbackOnly() async throws {
            try await onBench(.withStandIn()) { bench in
                let port = try FreePorts.take(1)[0]
                let fleet = try Fleet(bench, coordinatorOptions: ["--http", "127.0.0.1:\(port)"])
                do {
                    try await fleet.startCoordinator()
                    #expect(try await fleet.ccctl(["jobs"]).code == 0)
                    try await eventually("/healthz to answer", within: .seconds(10)) {
                        try get("/healthz", host: "127.0.0.1:\(port)", port).hasPrefix("HTTP/1.1 200")
                    }
                    #expect(try get("/readyz", host: "localhost", port).hasSuffix("ready\n"))
                    #expect(try get("/readyz", host: "[::1]:\(port)", port).hasPrefix("HTTP/1.1 200"))
                    #expect(try get("/readyz", host: "evil.example", port).hasPrefix("HTTP/1.1 421"))
                    #expect(try get("/other", host: "localhost", port).hasPrefix("HTTP/1.1 404"))
                    // The same port again: one sentence, and the first one goes on.
                    let other = try Fleet(bench)
                    let second = try await bench.run(
                        "cc-coordinator",
                        other.coordinatorFlags + [
                            "--data-dir", bench.scratch + "/other", "--http", "127.0.0.1:\(port)",
                        ],
                        within: .seconds(20))
                    #expect(
                        second.code == 3 && second.errors.contains("127.0.0.1:\(port) is in use"), "\(second.errors)")
                    #expect(try get("/healthz", host: "localhost", port).hasPrefix("HTTP/1.1 200"))
                } catch {
                    await fleet.stop()
                    throw error
                }
                await fleet.stop()
            }
        }

        /// The whole answer to one request over a connection of its own; empty while nobody listens.
        private func get(_ path: String, host: String, _ port: UInt16) throws -> String {
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard socket >= 0 else { throw SceneError("no socket can be made: \(String(cString: strerror(errno)))") }
            defer { close(socket) }
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { return "" }
            let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
            guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return "" }
            var answer: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(socket, &piece, piece.count, 0)
                if count <= 0 { return String(decoding: answer, as: UTF8.self) }
                answer += piece[..<count]
            }
        }
    }
}
