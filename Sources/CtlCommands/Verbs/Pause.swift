import ArgumentParser
import CoordinatorClient

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Starts nothing more of jobs, or of the whole queue; what runs goes on.",
        discussion: "Without a job, or with all: the queue itself, with all that is submitted later.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: [String] = []

    func run() async throws {
        try await ControlOrders.pauseOrResume(
            "pause", job, global, done: "is paused", already: "was paused already"
        ) { client, target in try await client.pause(target.named?.job) }
    }
}
