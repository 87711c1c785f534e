import ArgumentParser
import Settings
import Trust
import ZeroMQ

struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the keys that are let in, those that were shut out, and the coordinator's own public key.")

    @OptionGroup var global: GlobalOptions

    private static let columns: [Table.Column] = [.init("NAME"), .init("ROLE"), .init("STATE"), .init("KEY")]

    func run() async throws {
        let settings = try global.settings()
        let entries = try AllowedKeys.load(settings.allowedKeys).entries
        let server = try LoopbackSecret.loadOrCreate(path: settings.secretFile).publicKey
        var output = StandardOutput()
        switch settings.output {
        case .table:
            var table = Table(Self.columns, width: Terminal.width(1))
            let rows = entries.map {
                [$0.peer.name, $0.peer.role.rawValue, $0.isRevoked ? "revoked" : "allowed", $0.key.z85]
            }
            for line in table.lines(rows) { try output.line(line) }
            Note.say("the coordinator's own public key, for `ccctl keys new --server`: \(KeyLine.quoted(server.z85))")
        case .json: for entry in entries { try output.line(KeyLine(entry: entry).json.line) }
        case .quiet: for entry in entries where !entry.isRevoked { try output.line(entry.peer.name) }
        }
        try output.flush()
    }
}
