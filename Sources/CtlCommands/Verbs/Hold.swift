import ArgumentParser
import CoordinatorClient

struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets tasks that have not started wait until they are released.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(ControlOrders.help))
    var what: [String]

    func run() async throws {
        try await ControlOrders.perform(
            "hold", on: what, global, sentence: { "\(CountText.tasks($0)) held" }
        ) { client, target in try await client.hold(target) }
    }
}
