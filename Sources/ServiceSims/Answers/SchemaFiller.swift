import Foundation

/// Makes a value that a JSON Schema accepts, the same one each time for the same draws.
///
/// Understood: `type` (also a list of types), `properties`, `required`, `items`, `minItems`, `enum`, `const`, `anyOf`
/// and `oneOf` (their first branch), `$ref` into the same document, `minLength`, `maxLength`, `minimum`, `maximum`,
/// the exclusive bounds, `format` (`date`, `date-time`, `email`, `uri`, `uuid`). Not understood: `pattern`, `allOf`,
/// `not`, `multipleOf`; a schema that leans on them may refuse what comes out.
struct SchemaFiller {
    /// Deeper than this only required members are filled, so that a schema that refers to itself comes to an end.
    static let optionalDepth = 5
    /// Deeper than this everything becomes null.
    static let deepest = 32
    /// The most items that `minItems` or characters that `minLength` can ask for.
    static let longest = 10_000

    private let root: JSONValue
    private let mention: String
    private var draws: Draws

    /// `mention` is put into every free string.
    init(schema: JSONValue, mention: String, draws: Draws) {
        self.root = schema
        self.mention = mention
        self.draws = draws
    }

    /// The value.
    mutating func fill() -> JSONValue { fill(root, name: "value", place: "", depth: 0) }

    /// `place` tells the items of arrays apart (" 2.1": the first item of the second), so that their strings differ.
    private mutating func fill(_ schema: JSONValue, name: String, place: String, depth: Int) -> JSONValue {
        guard depth <= Self.deepest else { return .null }
        if let constant = schema["const"] { return constant }
        if let choices = schema["enum"]?.array, !choices.isEmpty {
            return choices[Int.random(in: 0..<choices.count, using: &draws)]
        }
        if let target = schema["$ref"]?.string.flatMap(resolve) {
            return fill(target, name: name, place: place, depth: depth + 1)
        }
        if let branch = (schema["anyOf"] ?? schema["oneOf"])?.array?.first {
            return fill(branch, name: name, place: place, depth: depth + 1)
        }
        switch kind(of: schema) {
        case "object": return object(schema, place: place, depth: depth)
        case "array": return array(schema, name: name, place: place, depth: depth)
        case "string": return .string(string(schema, name: name + place))
        case "integer": return .int(integer(schema))
        case "number": return number(schema)
        case "boolean": return .bool(Bool.random(using: &draws))
        default: return .null
        }
    }

    private func kind(of schema: JSONValue) -> String {
        if let type = schema["type"]?.string { return type }
        if let types = schema["type"]?.array?.compactMap(\.string) { return types.first { $0 != "null" } ?? "null" }
        if schema["properties"] != nil { return "object" }
        return schema["items"] != nil ? "array" : "string"
    }

    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#") else { return nil }
        return reference.dropFirst().split(separator: "/").reduce(root) { value, key in
            value?[key.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")]
        }
    }

    private mutating func object(_ schema: JSONValue, place: String, depth: Int) -> JSONValue {
        let properties = schema["properties"]?.object ?? [:]
        let required = schema["required"]?.array?.compactMap(\.string) ?? []
        var names = Set(required)
        if depth < Self.optionalDepth { names.formUnion(properties.keys) }
        var members: [String: JSONValue] = [:]
        // In sorted order: each member's draw must not hang on a dictionary's order.
        for name in names.sorted() {
            members[name] = fill(properties[name] ?? ["type": "string"], name: name, place: place, depth: depth + 1)
        }
        return .object(members)
    }

    private mutating func array(_ schema: JSONValue, name: String, place: String, depth: Int) -> JSONValue {
        let least = min(max(0, schema["minItems"]?.int ?? 0), Self.longest)
        let most = max(0, schema["maxItems"]?.int ?? Int.max)
        let count = min(max(least, depth < Self.optionalDepth ? 1 : 0), most)
        let items = schema["items"] ?? ["type": "string"]
        let prefix = place.isEmpty ? " " : place + "."
        return .array(
            (1...max(1, count)).prefix(count).map { fill(items, name: name, place: "\(prefix)\($0)", depth: depth + 1) }
        )
    }

    private mutating func string(_ schema: JSONValue, name: String) -> String {
        switch schema["format"]?.string {
        case "date": return "2026-01-31"
        case "date-time": return "2026-01-31T12:00:00Z"
        case "email": return "someone@example.com"
        case "uri": return "https://example.com/\(mention)"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default: break
        }
        // The mention first, so that a short `maxLength` cuts the name and not it.
        var text = mention.isEmpty ? name : "\(mention) \(name)"
        let least = min(max(0, schema["minLength"]?.int ?? 0), Self.longest)
        if text.count < least { text += String(repeating: ".", count: least - text.count) }
        if let most = schema["maxLength"]?.int { text = String(text.prefix(max(0, most))) }
        return text
    }

    private mutating func integer(_ schema: JSONValue) -> Int {
        let exclusiveLow = schema["exclusiveMinimum"]?.int.map { $0 + 1 }
        let exclusiveHigh = schema["exclusiveMaximum"]?.int.map { $0 - 1 }
        let low = schema["minimum"]?.int ?? exclusiveLow
        let high = schema["maximum"]?.int ?? exclusiveHigh
        switch (low, high) {
        case (let low?, let high?) where low <= high: return Int.random(in: low...high, using: &draws)
        case (let low?, _): return low
        case (nil, let high?): return high
        case (nil, nil): return Int.random(in: 1...100, using: &draws)
        }
    }

    private mutating func number(_ schema: JSONValue) -> JSONValue {
        func bound(_ key: String) -> Double? {
            switch schema[key] {
            case .int(let value): Double(value)
            case .double(let value): value
            default: nil
            }
        }
        let low = bound("minimum") ?? bound("exclusiveMinimum")
        let high = bound("maximum") ?? bound("exclusiveMaximum")
        switch (low, high) {
        // The middle lies inside, whether a bound is exclusive or not.
        case (let low?, let high?): return .double((low + high) / 2)
        case (let low?, nil): return .double(low + 0.5)
        case (nil, let high?): return .double(high - 0.5)
        case (nil, nil): return .double(Double(Int.random(in: 1...100, using: &draws)) + 0.5)
        }
    }
}
