/// Makes a simple value that meets a JSON Schema's types, required properties, enums and lengths.
struct SchemaFiller {
    private static let maximumDepth = 32
    let root: JSON

    /// The value for the whole schema.
    func value() -> JSON { value(root, depth: 0) }

    private func value(_ schema: JSON, depth: Int) -> JSON {
        guard depth < Self.maximumDepth else { return .null }
        if let target = schema["$ref"]?.text { return value(resolve(target), depth: depth + 1) }
        if let constant = schema["const"] { return constant }
        if let first = schema["enum"]?.elements?.first { return first }
        if let first = (schema["anyOf"] ?? schema["oneOf"])?.elements?.first { return value(first, depth: depth + 1) }
        switch schema["type"]?.text ?? schema["type"]?.elements?.first?.text
            ?? (schema["properties"] == nil ? "string" : "object")
        {
        case "object":
            let required = (schema["required"]?.elements ?? []).compactMap(\.text)
            return .object(required.map { ($0, value(schema["properties"]?[$0] ?? .object([]), depth: depth + 1)) })
        case "array":
            let count = min(max(schema["minItems"]?.integer ?? 0, 0), 100)
            let item = value(schema["items"] ?? .object([]), depth: depth + 1)
            return .array(Array(repeating: item, count: count))
        case "integer", "number": return schema["minimum"] ?? .number("1")
        case "boolean": return .bool(true)
        case "null": return .null
        default:
            let length = min(max(schema["minLength"]?.integer ?? 0, 4), 10_000)
            return .string("text" + String(repeating: "x", count: length - 4))
        }
    }

    /// `#/$defs/name` and the like; anything else is the empty schema.
    private func resolve(_ target: String) -> JSON {
        var schema = root
        for part in target.split(separator: "/").dropFirst() {
            guard let next = schema[String(part)] else { return .object([]) }
            schema = next
        }
        return target.hasPrefix("#") ? schema : .object([])
    }
}
