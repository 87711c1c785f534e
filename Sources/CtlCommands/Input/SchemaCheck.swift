/// Finds in a JSON Schema what makes the CLI refuse to start: it checks against draft-07 and takes no word that it doesn't know.
struct SchemaCheck {
    private static let types = ["array", "boolean", "integer", "null", "number", "object", "string"]
    /// Each holds a schema.
    private static let schemas: Set<String> = [
        "additionalProperties", "additionalItems", "contains", "propertyNames", "not", "if", "then", "else",
    ]
    /// Each holds a list of schemas.
    private static let lists: Set<String> = ["allOf", "anyOf", "oneOf"]
    /// Each holds schemas by name.
    private static let mappings: Set<String> = ["properties", "patternProperties", "definitions", "$defs"]
    private static let others: Set<String> = [
        "$schema", "$id", "$ref", "$comment", "title", "description", "default", "deprecated", "readOnly", "writeOnly",
        "examples", "type", "nullable", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
        "exclusiveMinimum", "maxLength", "minLength", "pattern", "format", "items", "maxItems", "minItems",
        "uniqueItems", "maxProperties", "minProperties", "required", "dependencies", "contentMediaType",
        "contentEncoding", "$anchor", "$vocabulary", "dependentRequired", "dependentSchemas", "maxContains",
        "minContains", "id",
    ]
    private static let deepest = 100

    /// What is wrong and where, as `properties.a.type must be …`; nil: nothing that is looked for here.
    static func objection(to schema: [String: FieldValue]) -> String? {
        if let type = schema["type"], type != .string("object") {
            return "type must be object: an answer is always an object; put the \(type.json) into a property"
        }
        return look(at: schema, [])
    }

    private static func look(at value: FieldValue, _ path: [String]) -> String? {
        if case .bool = value { return nil }
        guard case .object(let members) = value else { return "\(spot(path)) must be a schema: an object" }
        return look(at: members, path)
    }

    private static func look(at members: [String: FieldValue], _ path: [String]) -> String? {
        guard path.count < deepest else { return "\(spot(Array(path.prefix(5)))) … is nested too deeply" }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            if let found = look(at: key, value, path + [key]) { return found }
        }
        return nil
    }

    private static func look(at key: String, _ value: FieldValue, _ path: [String]) -> String? {
        if schemas.contains(key) { return look(at: value, path) }
        if lists.contains(key) {
            guard case .list(let items) = value, !items.isEmpty else {
                return "\(spot(path)) must be a list of schemas"
            }
            return all(items, path)
        }
        if mappings.contains(key) {
            guard case .object(let named) = value else { return "\(spot(path)) must be an object" }
            for (name, schema) in named.sorted(by: { $0.key < $1.key }) {
                if let found = look(at: schema, path + [name]) { return found }
            }
            return nil
        }
        switch key {
        case "type": return isType(value) ? nil : "\(spot(path)) must be one of \(types.joined(separator: ", "))"
        case "required":
            guard case .list(let names) = value, names.allSatisfy({ if case .string = $0 { true } else { false } })
            else { return "\(spot(path)) must be a list of names" }
            return nil
        case "enum":
            guard case .list(let values) = value, !values.isEmpty else {
                return "\(spot(path)) must be a list of values"
            }
            return nil
        case "items":
            if case .list(let items) = value { return all(items, path) }
            return look(at: value, path)
        case "$schema":
            guard case .string(let name) = value, name.contains("draft-07") else {
                return "\(spot(path)) must be draft-07, which is what the CLI knows: take it out"
            }
            return nil
        default: return others.contains(key) ? nil : "\(spot(path)) is no word of JSON Schema that the CLI knows"
        }
    }

    private static func all(_ items: [FieldValue], _ path: [String]) -> String? {
        for (place, item) in items.enumerated() {
            if let found = look(at: item, path + [String(place)]) { return found }
        }
        return nil
    }

    private static func isType(_ value: FieldValue) -> Bool {
        switch value {
        case .string(let name): types.contains(name)
        case .list(let names):
            !names.isEmpty && names.allSatisfy { if case .string(let n) = $0 { types.contains(n) } else { false } }
        default: false
        }
    }

    private static func spot(_ path: [String]) -> String { path.isEmpty ? "the schema" : path.joined(separator: ".") }
}
