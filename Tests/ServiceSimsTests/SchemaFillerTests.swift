import Testing

@testable import ServiceSims

@Suite("Schemas are filled with values that they accept")
struct SchemaFillerTests {
    private func fill(_ schema: JSONValue, seed: UInt64 = 1) -> JSONValue {
        var filler = SchemaFiller(
            schema: schema, mention: "NONCE-x", draws: Draws(seed: seed, text: "t", count: 0, round: 0))
        return filler.fill()
    }

    @Test("objects, arrays and their sizes")
    func structure() throws {
        let schema: JSONValue = [
            "type": "object", "required": ["items", "kind"],
            "properties": [
                "items": ["type": "array", "minItems": 2, "maxItems": 4, "items": ["type": "string"]],
                "kind": ["enum": ["a", "b"]], "fixed": ["const": 7],
                "empty": ["type": "array", "maxItems": 0, "items": ["type": "string"]],
            ],
        ]
        let value = fill(schema)
        let items = try #require(value["items"]?.array)
        #expect(items.count == 2)
        #expect(Set(items).count == 2)
        #expect(items.allSatisfy { $0.string?.contains("NONCE-x") == true })
        #expect(items == ["NONCE-x items 1", "NONCE-x items 2"])
        #expect(value["kind"] == "a" || value["kind"] == "b")
        #expect(value["fixed"] == 7)
        #expect(value["empty"] == [])
        #expect(fill(schema) == value)
    }

    @Test("numbers keep their bounds", arguments: 1...20)
    func numbers(seed: Int) throws {
        let integer = try #require(fill(["type": "integer", "minimum": 3, "maximum": 5], seed: UInt64(seed)).int)
        #expect((3...5).contains(integer))
        #expect(fill(["type": "integer", "exclusiveMinimum": 9]) == 10)
        #expect(fill(["type": "number", "minimum": 1, "maximum": 2]) == .double(1.5))
    }

    @Test("strings keep their lengths")
    func strings() {
        #expect(fill(["type": "string", "minLength": 40]).string?.count == 40)
        #expect(fill(["type": "string", "maxLength": 7]) == "NONCE-x")
    }

    @Test("nullable, anyOf, references and recursion")
    func others() throws {
        #expect(fill(["type": ["null", "boolean"]]) != .null)
        #expect(fill(["anyOf": [["type": "integer", "minimum": 4, "maximum": 4], ["type": "null"]]]) == 4)
        let tree: JSONValue = [
            "$ref": "#/$defs/node",
            "$defs": [
                "node": [
                    "type": "object", "required": ["name"],
                    "properties": ["name": ["type": "string"], "child": ["$ref": "#/$defs/node"]],
                ]
            ],
        ]
        let value = fill(tree)
        #expect(value["name"]?.string?.hasPrefix("NONCE-x") == true)
        #expect(value["child"]?["name"] != nil)
    }
}
