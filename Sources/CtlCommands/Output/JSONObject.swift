import Foundation

/// A JSON object on one line, its keys in the order in which they are added: scripts and people read them in that order.
struct JSONObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func add(_ key: String, _ text: String) {
        addKey(key)
        JSONText.append(text, to: &bytes)
    }

    mutating func add(_ key: String, _ number: some BinaryInteger) { addRaw(key, String(number)) }

    mutating func add(_ key: String, _ flag: Bool) { addRaw(key, flag ? "true" : "false") }

    mutating func add(_ key: String, _ object: JSONObject) { addRaw(key, object.line) }

    mutating func add(_ key: String, _ objects: [JSONObject]) {
        addRaw(key, "[" + objects.map(\.line).joined(separator: ",") + "]")
    }

    mutating func add(_ key: String, texts: [String]) {
        addRaw(key, "[" + texts.map(JSONText.quoted).joined(separator: ",") + "]")
    }

    mutating func addNull(_ key: String) { addRaw(key, "null") }

    /// The text, or null for an empty one: what was never set.
    mutating func addOrNull(_ key: String, _ text: String) {
        if text.isEmpty { addNull(key) } else { add(key, text) }
    }

    /// Adds a JSON value as it is, on one line; what is not JSON goes in as a text, so that the line stays readable.
    mutating func add(_ key: String, json: String) {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
            addRaw(key, JSONText.oneLine(json))
        } catch {
            add(key, json)
        }
    }

    /// A time as RFC 3339, or null for 0: what did not happen.
    mutating func add(_ key: String, timeMilliseconds: Int64) {
        if timeMilliseconds == 0 { addNull(key) } else { add(key, TimeText.rfc3339(milliseconds: timeMilliseconds)) }
    }

    /// Dollars as a decimal number without an exponent.
    mutating func add(_ key: String, microUSD: UInt64) { addRaw(key, MoneyText.decimal(microUSD: microUSD)) }

    /// The whole object.
    var line: String { String(decoding: bytes, as: UTF8.self) + "}" }

    private mutating func addKey(_ key: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        JSONText.append(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func addRaw(_ key: String, _ json: String) {
        addKey(key)
        bytes += Array(json.utf8)
    }
}
