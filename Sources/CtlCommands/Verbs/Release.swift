import ArgumentParser
import CoordinatorClient

struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets held tasks go on.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(ControlOrders.help))
    var what: [String]

    func run() async throws {
        try await ControlOrders.perform(
            "release", on: what, global, sentence: { "\(CountText.tasks($0)) released" }
        ) { client, target in try await client.release(target) }
    }
}
