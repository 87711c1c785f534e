import ArgumentParser
import Settings
import Trust

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Who may connect to this host's coordinator: for fleets of several hosts and users.",
        discussion: """
            Works on files of the coordinator's host, as the user that it runs as; a coordinator that runs sees a change within a \
            second. A new key's file is copied to the host that uses it (cc-agent --key-file FILE, ccctl --key-file FILE).
            """,
        subcommands: [KeysNew.self, KeysList.self, KeysAllow.self, KeysRevoke.self])
}

/// A role on the command line.
extension Role: ExpressibleByArgument {}

/// What every verb of `keys` prints of a line.
struct KeyLine {
    let entry: AllowedKeys.Entry

    var json: JSONObject {
        var object = JSONObject()
        object.add("name", entry.peer.name)
        object.add("role", entry.peer.role.rawValue)
        object.add("key", entry.key.z85)
        object.add("revoked", entry.isRevoked)
        return object
    }

    /// Nothing of Z85 ends a quoted word of the shell.
    static func quoted(_ key: String) -> String { "'\(key)'" }
}
