import ArgumentParser
import CoordinatorClient

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes a pause back: of jobs, or of the whole queue.",
        discussion: "Without a job, or with all: the queue itself, with all that is submitted later.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: ArgumentHelp(JobSelector.help))
    var job: [String] = []

    func run() async throws {
        try await ControlOrders.pauseOrResume(
            "resume", job, global, done: "goes on", already: "was not paused"
        ) { client, target in try await client.resume(target.named?.job) }
    }
}
