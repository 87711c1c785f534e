import Yams

/// A value of a task's field, as a JSON line or a YAML file gives it: one shape, so that both are checked by the same rules.
indirect enum FieldValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case list([FieldValue])
    case object([String: FieldValue])

    /// JSON with sorted keys: equal values give equal texts, so that tasks with the same schema share a row of options.
    var json: String {
        switch self {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number):
            number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
        case .string(let text): JSONText.quoted(text)
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { JSONText.quoted($0.key) + ":" + $0.value.json }
                .joined(separator: ",") + "}"
        }
    }
}

extension FieldValue: Decodable {
    init(from decoder: any Decoder) throws {
        if let keyed = try Self.matching({ try decoder.container(keyedBy: AnyKey.self) }) {
            var members: [String: FieldValue] = [:]
            for key in keyed.allKeys { members[key.stringValue] = try keyed.decode(FieldValue.self, forKey: key) }
            self = .object(members)
        } else if var unkeyed = try Self.matching({ try decoder.unkeyedContainer() }) {
            var values: [FieldValue] = []
            while !unkeyed.isAtEnd { values.append(try unkeyed.decode(FieldValue.self)) }
            self = .list(values)
        } else {
            self = try Self.scalar(decoder.singleValueContainer())
        }
    }

    /// Reads a scalar without the cost of the container probes of ``init(from:)``.
    private static func scalar(_ container: any SingleValueDecodingContainer) throws -> FieldValue {
        if let text = try matching({ try container.decode(String.self) }) { return .string(text) }
        if container.decodeNil() { return .null }
        if let flag = try matching({ try container.decode(Bool.self) }) { return .bool(flag) }
        // As a whole number wherever that says the same: a count is then a count, whether written 3 or 3.0.
        let number = try container.decode(Double.self)
        return Int64(exactly: number).map(FieldValue.integer) ?? .double(number)
    }

    /// What `read` gives, or nil if the value is of another type; other errors pass.
    private static func matching<Value>(_ read: () throws -> Value) throws -> Value? {
        do {
            return try read()
        } catch DecodingError.typeMismatch, DecodingError.valueNotFound {
            return nil
        }
    }
}

extension FieldValue {
    /// Reads a YAML node by YAML's core rules: quoted scalars are text, plain ones may be numbers, flags or nothing.
    init(_ node: Node) throws {
        switch node {
        case .scalar(let scalar):
            if scalar.style != .plain && scalar.style != .any {
                self = .string(scalar.string)
            } else if node.null != nil {
                self = .null
            } else if let flag = node.bool {
                self = .bool(flag)
            } else if let number = node.int {
                self = .integer(Int64(number))
            } else if let number = node.float {
                self = .double(number)
            } else {
                self = .string(scalar.string)
            }
        case .sequence(let sequence):
            self = .list(try sequence.map { try FieldValue($0) })
        case .mapping(let mapping):
            var members: [String: FieldValue] = [:]
            for (key, value) in mapping { members[key.string ?? ""] = try FieldValue(value) }
            self = .object(members)
        case .alias:
            throw UsageError("YAML aliases (*name) are not read here: write the value out")
        }
    }
}

/// A JSON object's key, whatever its name.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}
