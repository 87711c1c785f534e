import ArgumentParser
import Foundation
import Settings
import Trust
import ZeroMQ

struct KeysNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes a key, lets it in, and writes the file that its holder needs.",
        discussion: """
            With --server it is made on the host that will use it: the list is left alone, and the line to let it in is printed for \
            whoever runs the coordinator.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Who will hold it: an agent's name, or a user's.")
    var name: String

    @Option(help: "agent, read-only, client or admin.")
    var role: Role

    @Option(name: .customLong("file"), help: ArgumentHelp("Where the key goes. Default: NAME.key", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("The coordinator's public key, on another host than its own.", valueName: "key"))
    var server: String?

    func run() async throws {
        let settings = try global.settings()
        guard Peer.isName(name) else {
            throw UsageError("a key's name is 1 to 64 of letters, digits, dot, underscore and dash")
        }
        let path = URL(fileURLWithPath: ((file ?? name + ".key") as NSString).expandingTildeInPath).standardizedFileURL
            .path
        let key = KeyFile(
            peer: Peer(role: role, name: name), keys: try CurveKeyPair.generate(),
            server: try server.map { try CurvePublicKey(z85: $0) }
                ?? LoopbackSecret.loadOrCreate(path: settings.secretFile).publicKey)
        // The file first: a key that is let in and that nobody has would stand in the list for ever.
        try key.save(to: path)
        let entry = AllowedKeys.Entry(peer: key.peer, key: key.keys.publicKey)
        var json = KeyLine(entry: entry).json
        json.add("file", path)
        if server == nil {
            do {
                try AllowedKeys.edit(settings.allowedKeys) { keys throws(TrustError) in
                    try keys.allow(key.peer, key.keys.publicKey)
                }
            } catch {
                try FileManager.default.removeItem(atPath: path)
                throw error
            }
        }
        json.add("allowed", server == nil)
        try StandardOutput.print(
            server == nil
                ? "\(role.rawValue) \(name) is let in by the key in \(path)"
                : "the key is in \(path); on the coordinator's host: ccctl keys allow \(name) --role \(role.rawValue) --public \(KeyLine.quoted(entry.key.z85))",
            json: json, quiet: path, settings.output)
    }
}
