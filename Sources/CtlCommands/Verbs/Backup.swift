import ArgumentParser
import CoordinatorClient

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has the coordinator copy its store into a new directory on its host, while it goes on working.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "An absolute path on the coordinator's host; it must not exist yet.")
    var directory: String

    func run() async throws {
        guard directory.hasPrefix("/") else {
            throw UsageError("\(directory) must be an absolute path: it is a folder on the coordinator's host")
        }
        try await CtlSession.with(global, answerTimeout: CtlSession.longWork, firstRepeat: CtlSession.longWork) {
            session in
            let outcome = try await session.client.backup(to: directory)
            var json = JSONObject()
            json.add("directory", directory)
            json.add("bytes", outcome.bytes)
            json.add("blobs", outcome.blobs)
            try session.print(
                "\(directory): \(CountText.bytes(outcome.bytes)), \(outcome.blobs) blobs", json: json, quiet: directory)
        }
    }
}
