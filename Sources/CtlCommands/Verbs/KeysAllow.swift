import ArgumentParser
import Settings
import Trust
import ZeroMQ

struct KeysAllow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allow", abstract: "Lets in a key that was made on another host.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Who holds it: an agent's name, or a user's.")
    var name: String

    @Option(help: "agent, read-only, client or admin.")
    var role: Role

    @Option(name: .customLong("public"), help: ArgumentHelp("Its public half: 40 characters.", valueName: "key"))
    var publicKey: String

    func run() async throws {
        let settings = try global.settings()
        let entry = AllowedKeys.Entry(peer: Peer(role: role, name: name), key: try CurvePublicKey(z85: publicKey))
        try AllowedKeys.edit(settings.allowedKeys) { keys throws(TrustError) in try keys.allow(entry.peer, entry.key) }
        try StandardOutput.print(
            "\(role.rawValue) \(name) is let in", json: KeyLine(entry: entry).json, quiet: nil, settings.output)
    }
}
