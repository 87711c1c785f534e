import ArgumentParser
import CoordinatorClient

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Queues tasks that failed, were skipped or expired once more, with all their attempts before them.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(ControlOrders.help))
    var what: [String]

    func run() async throws {
        try await ControlOrders.perform(
            "retry", on: what, global, endedToo: true, sentence: { "\(CountText.tasks($0)) queued again" }
        ) { client, target in try await client.retry(target) }
    }
}
