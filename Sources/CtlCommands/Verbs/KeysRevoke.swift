import ArgumentParser
import Settings
import Trust

struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Shuts a key out, within a second also where it is connected.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The holder's name, or the public key.")
    var name: String

    func run() async throws {
        let settings = try global.settings()
        let entry = try AllowedKeys.edit(settings.allowedKeys) { keys throws(TrustError) in try keys.revoke(name) }
        try StandardOutput.print(
            "\(entry.peer.role.rawValue) \(entry.peer.name) is shut out", json: KeyLine(entry: entry).json, quiet: nil,
            settings.output)
    }
}
