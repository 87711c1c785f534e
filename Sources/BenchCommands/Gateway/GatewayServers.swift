import Foundation

/// The two helpers of the gateway's measurement.
struct GatewayServers {
    let upstream: Listening
    let gateway: Listening
    private let upstreamPID: pid_t
    private let gatewayPID: pid_t

    /// Time that each program has had of the processors, in microseconds.
    struct CPUTimes {
        var upstream: Double
        var gateway: Double
        var client: Double
    }

    init(_ stage: Stage) async throws {
        let service = try await stage.startHelper("gateway-upstream", [])
        upstream = try Self.listening(service.line)
        upstreamPID = service.process.pid
        let server = try await stage.startHelper(
            "gateway-server", ["--upstream", upstream.baseURL, "--spool", stage.scratch.path + "/spool"])
        gateway = try Self.listening(server.line)
        gatewayPID = server.process.pid
    }

    /// Resident memory of the gateway's process.
    func gatewayMiB() throws -> Double { try ProcessUse.residentMiB(gatewayPID) }

    /// So far.
    func cpuTimes() throws -> CPUTimes {
        CPUTimes(
            upstream: try ProcessUse.cpuMicroseconds(upstreamPID), gateway: try ProcessUse.cpuMicroseconds(gatewayPID),
            client: ProcessUse.ownCPUMicroseconds())
    }

    private static func listening(_ line: Data) throws -> Listening {
        do {
            return try JSONDecoder().decode(Listening.self, from: line)
        } catch {
            throw BenchError(
                "a helper says '\(String(decoding: line.prefix(200), as: UTF8.self))' in place of its address")
        }
    }
}
