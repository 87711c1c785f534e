import ArgumentParser
import CoordinatorStore
import Foundation

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks after a store's files on this host.", subcommands: [StoreCheck.self])
}

struct StoreCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks through a data directory, or a backup, and changes nothing.",
        discussion:
            "Offline: no coordinator is asked; one may run beside it. Ends with 0 if the store is sound, with 1 if not."
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "The data directory. Default: cc-orchestrator/coordinator in $XDG_STATE_HOME or ~/.local/state",
            valueName: "dir"))
    var dataDir: String?

    /// Where a coordinator of this user keeps its store.
    static func usualDirectory(_ environment: [String: String]) throws -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return state + "/cc-orchestrator/coordinator"
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw UsageError("HOME is not set to an absolute path: set it, or give --data-dir")
        }
        return home + "/.local/state/cc-orchestrator/coordinator"
    }

    func run() async throws {
        let format = try global.settings().output
        let directory = try dataDir ?? Self.usualDirectory(ProcessInfo.processInfo.environment)
        let findings = try StoreTools.check(directory: directory)
        var json = JSONObject()
        json.add("directory", directory)
        json.add("sound", findings.isEmpty)
        json.add("findings", texts: findings)
        let sentences = findings.isEmpty ? ["\(directory) is sound"] : findings
        for (number, sentence) in sentences.enumerated() where format != .json || number == 0 {
            try StandardOutput.print(sentence, json: json, quiet: findings.isEmpty ? nil : sentence, format)
        }
        if !findings.isEmpty { throw ExitStatus.someFailed }
    }
}
