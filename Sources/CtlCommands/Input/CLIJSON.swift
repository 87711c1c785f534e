import ClusterModel
import Foundation

/// What the CLI takes as JSON: given as a mapping, as the text of an object, or as a file that is read now. What it would refuse
/// on every agent is refused here.
enum CLIJSON {
    /// `{"mcpServers": {NAME: {"command": …} | {"type": "http", "url": …}}}`
    static func mcpConfig(_ field: Field) throws -> String {
        let (members, title) = try object(field)
        guard case .object(let servers)? = members["mcpServers"], !servers.isEmpty else {
            throw field.wrong("\(title)must hold \"mcpServers\", a mapping of names to servers")
        }
        for (name, server) in servers.sorted(by: { $0.key < $1.key }) {
            let spot = "\(title)mcpServers.\(name)"
            guard case .object(let parts) = server else { throw field.wrong("\(spot) must be an object") }
            guard let kind = kind(of: parts) else {
                throw field.wrong("\(spot).type must be one of stdio, http, sse")
            }
            let needed = kind == "stdio" ? "command" : "url"
            guard case .string(let text)? = parts[needed], !text.isEmpty else {
                throw field.wrong("\(spot).\(needed) must be text: a server of type \(kind) needs it")
            }
        }
        return FieldValue.object(members).json
    }

    private static func kind(of server: [String: FieldValue]) -> String? {
        switch server["type"] {
        case nil: "stdio"
        case .string(let kind)? where ["stdio", "http", "sse"].contains(kind): kind
        default: nil
        }
    }

    static func settings(_ field: Field) throws -> String { FieldValue.object(try object(field).members).json }

    /// `{NAME: {"description": …, "prompt": …}}`
    static func agents(_ field: Field) throws -> String {
        let (members, title) = try object(field)
        guard !members.isEmpty else { throw field.wrong("\(title)must name an agent") }
        for (name, agent) in members.sorted(by: { $0.key < $1.key }) {
            guard case .object(let parts) = agent else { throw field.wrong("\(title)\(name) must be an object") }
            for key in ["description", "prompt"] {
                guard case .string? = parts[key] else { throw field.wrong("\(title)\(name).\(key) must be text") }
            }
        }
        return FieldValue.object(members).json
    }

    /// - Returns: the object, and how sentences name the file it came from: empty when it came from none.
    private static func object(_ field: Field) throws -> (members: [String: FieldValue], title: String) {
        switch field.value {
        case .object(let members): return (members, "")
        case .string(let text):
            if text.utf8.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
                return (try members(Array(text.utf8), field, ""), "")
            }
            guard !text.isEmpty else { throw field.wrong(rule) }
            let base = field.folder.map { URL(fileURLWithPath: $0, isDirectory: true) }
            let path = text == "-" ? "-" : URL(fileURLWithPath: text, relativeTo: base).path
            let title = InputFile.title(text) + ": "
            return (try members(try InputFile.read(path), field, title), title)
        default: throw field.wrong(rule)
        }
    }

    private static let rule = "must be a JSON object, or the name of a file that holds one"

    private static func members(_ bytes: [UInt8], _ field: Field, _ title: String) throws -> [String: FieldValue] {
        let value: FieldValue
        do {
            value = try JSONInput.value(bytes, place: "")
        } catch let error as UsageError {
            throw field.wrong("\(title)is " + error.message.drop { $0 == ":" || $0 == " " })
        }
        guard case .object(let members) = value else { throw field.wrong("\(title)must be a JSON object") }
        return members
    }
}
