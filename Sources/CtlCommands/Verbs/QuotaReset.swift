import ArgumentParser
import CoordinatorClient
import Settings

struct QuotaReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Puts a bucket back to what the configuration says; one that it does not name goes.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A bucket such as claude.requests.")
    var bucket: String

    func run() async throws {
        let name = try QuotaText.name(bucket).description
        try await CtlSession.with(global) { session in
            let outcome = try await session.client.changeQuota(name, .reset)
            try QuotaOutcome(verb: "reset", bucket: name, outcome: outcome).print(session)
        }
    }
}
