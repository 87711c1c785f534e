import ArgumentParser
import CoordinatorClient
import Settings

struct QuotaUnpark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpark", abstract: "Grants a bucket's calls again before the time that the service asked for.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A bucket such as claude.requests.")
    var bucket: String

    func run() async throws {
        let name = try QuotaText.name(bucket).description
        try await CtlSession.with(global) { session in
            let outcome = try await session.client.changeQuota(name, .unpark)
            let json = QuotaOutcome(verb: "unpark", bucket: name, outcome: outcome).json
            try session.print("bucket \(name) is not parked", json: json, quiet: nil)
        }
    }
}
