import ClusterModel
import Foundation

/// A length of time as people write it: `30`, `1.5`, `500ms`, `30s`, `10m`, `2h`, `7d`.
struct TimeLength: Equatable {
    let milliseconds: Milliseconds
    static let rule = "must be a time above zero: seconds as a number, or like \"30s\", \"10m\", \"2h\""
    /// A year: more is a mistake.
    private static let longestSeconds = 365.0 * 86_400

    init?(seconds: Double) {
        guard seconds > 0, seconds <= Self.longestSeconds else { return nil }
        milliseconds = Milliseconds(max(1, Int64((seconds * 1000).rounded())))
    }

    init?(_ text: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("", 1)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)) else { return nil }
            self.init(seconds: number * factor)
            return
        }
        return nil
    }
}

/// An amount of money above zero, to a millionth of a dollar.
struct Dollars: Equatable {
    let microUSD: UInt64
    static let rule = "must be an amount of dollars above zero"

    init?(_ dollars: Double) {
        guard dollars > 0, dollars <= 1_000_000 else { return nil }
        microUSD = max(1, UInt64((dollars * 1_000_000).rounded()))
    }
}

/// Names of tools as the CLI takes them: `Read,Bash(git log:*)`.
enum ToolList {
    /// Splits at commas outside parentheses; blanks around a name are dropped.
    static func split(_ text: String) -> [String] {
        var names: [String] = []
        var name = ""
        var depth = 0
        for character in text {
            if character == "," && depth == 0 {
                names.append(name)
                name = ""
                continue
            }
            if character == "(" { depth += 1 }
            if character == ")" { depth = max(0, depth - 1) }
            name.append(character)
        }
        names.append(name)
        return names.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}

/// What the CLI knows as `--permission-mode`.
enum PermissionModes {
    static let known = ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "manual", "plan"]
    static var rule: String { "must be one of \(known.joined(separator: ", "))" }
}

/// A JSON Schema that the answers must meet.
enum Schema {
    static func checked(_ value: FieldValue, place: String) throws -> String {
        if case .object(let members) = value, let objection = SchemaCheck.objection(to: members) {
            throw UsageError(at: place, "the CLI would refuse the schema: \(objection)")
        }
        let json = value.json
        guard json.utf8.count <= Limits.schemaBytes else {
            throw UsageError(at: place, "the schema is \(json.utf8.count) bytes, the limit is \(Limits.schemaBytes)")
        }
        return json
    }

    /// Reads the schema of `--schema FILE`.
    static func read(path: String) throws -> String {
        let value = try JSONInput.value(try InputFile.read(path), place: path)
        guard case .object = value else { throw UsageError(at: path, "a JSON Schema must be an object") }
        return try checked(value, place: path)
    }
}
