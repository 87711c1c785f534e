import Foundation

/// The two helpers of the gateway's measurement.
struct GatewayServers {
    let upstream: Listening
    let gateway: Listening
    private let gatewayPID: pid_t

    init(_ stage: Stage) async throws {
        upstream = try Self.listening(await stage.startHelper("gateway-upstream", []).line)
        let (process, line) = try await stage.startHelper(
            "gateway-server", ["--upstream", upstream.baseURL, "--spool", stage.scratch.path + "/spool"])
        gateway = try Self.listening(line)
        gatewayPID = process.pid
    }

    /// Resident memory of the gateway's process.
    func gatewayMiB() throws -> Double { try ProcessUse.residentMiB(gatewayPID) }

    private static func listening(_ line: Data) throws -> Listening {
        do {
            return try JSONDecoder().decode(Listening.self, from: line)
        } catch {
            throw BenchError(
                "a helper says '\(String(decoding: line.prefix(200), as: UTF8.self))' in place of its address")
        }
    }
}
