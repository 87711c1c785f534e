import ArgumentParser
import CoordinatorStore
import Foundation

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a data directory of a backup, for a coordinator that is not running yet.",
        discussion: """
            Offline: no coordinator is asked. The store gets a new id, so that results of the history that the backup left are told \
            apart; what ran when the backup was made is queued again.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The directory that `backup` wrote.")
    var backup: String

    @Option(help: ArgumentHelp("The new data directory; it must not exist yet.", valueName: "dir"))
    var dataDir: String

    func run() async throws {
        let format = try global.settings().output
        let target = URL(fileURLWithPath: (dataDir as NSString).expandingTildeInPath).standardizedFileURL.path
        let report = try StoreTools.restore(
            from: backup, to: target, newStoreID: UInt64.random(in: 1 ... .max))
        var json = JSONObject()
        json.add("directory", target)
        json.add("bytes", report.bytes)
        json.add("blobs", report.blobs)
        json.add("missing_blobs", report.missing.count)
        var sentence = "\(target): \(CountText.bytes(report.bytes)), \(report.blobs) blobs"
        if !report.missing.isEmpty {
            sentence += "; \(report.missing.count) blobs were missing when the backup was made"
        }
        try StandardOutput.print(sentence, json: json, quiet: target, format)
    }
}
