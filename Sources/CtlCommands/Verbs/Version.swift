import ArgumentParser
import ClusterModel
import CoordinatorClient

struct Version: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the version and the protocol, and the coordinator's if one answers within a second.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await CtlSession.with(global, connectTimeout: .seconds(1)) { session in
            let server = try await Self.server(session)
            let own = "\(WireProtocol.major).\(WireProtocol.minor)"
            var json = JSONObject()
            json.add("version", Product.version)
            json.add("protocol", own)
            if let server { json.add("coordinator", ServerLine(server).json()) } else { json.addNull("coordinator") }
            let other = server.map { "coordinator \($0.version), protocol \(ServerLine($0).protocolVersion)" }
            try session.print(
                "ccctl \(Product.version), protocol \(own); \(other ?? "no coordinator answers at \(session.client.endpoint)")",
                json: json, quiet: Product.version)
        }
    }

    private static func server(_ session: CtlSession) async throws -> ServerSummary? {
        do {
            return try await session.client.serverInfo()
        } catch is CoordinatorUnreachable {
            return nil
        }
    }
}
