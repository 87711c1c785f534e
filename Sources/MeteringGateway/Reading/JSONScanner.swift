import Glibc

/// The names that the gateway looks for in JSON; every other one is ``other``.
enum JSONKey: UInt8, Sendable {
    case other = 1, element, model, maxTokens, type, message, usage, inputTokens, outputTokens, cacheCreation, cacheRead
    case delta, text, thinking, partialJSON, error

    private static let names: [[UInt8]: JSONKey] = [
        Array("model".utf8): .model, Array("max_tokens".utf8): .maxTokens, Array("type".utf8): .type,
        Array("message".utf8): .message, Array("usage".utf8): .usage, Array("input_tokens".utf8): .inputTokens,
        Array("output_tokens".utf8): .outputTokens, Array("cache_creation_input_tokens".utf8): .cacheCreation,
        Array("cache_read_input_tokens".utf8): .cacheRead, Array("delta".utf8): .delta, Array("text".utf8): .text,
        Array("thinking".utf8): .thinking, Array("partial_json".utf8): .partialJSON, Array("error".utf8): .error,
    ]

    init(_ name: [UInt8]) { self = Self.names[name] ?? .other }
}

/// Where a value stands: the names of up to four levels.
struct JSONPath: Hashable, Sendable {
    static let mostLevels = 4

    private let packed: UInt32

    init(_ keys: some Sequence<JSONKey>) {
        packed = keys.reduce(0) { $0 << 8 | UInt32($1.rawValue) }
    }

    static let model = JSONPath([.model])
    static let maxTokens = JSONPath([.maxTokens])
    static let type = JSONPath([.type])
    static let errorType = JSONPath([.error, .type])
    static let deltaText = JSONPath([.delta, .text])
    static let deltaThinking = JSONPath([.delta, .thinking])
    static let deltaJSON = JSONPath([.delta, .partialJSON])
}

/// Reads JSON as it comes, in pieces of any size, and tells its strings and numbers with their places. It keeps the first bytes of one
/// value and a bit a level, whatever the length, so that a body of 32 MiB costs no memory. It takes some things that JSON forbids:
/// whoever reads the text next decides about that.
struct JSONScanner: Sendable {
    /// Deeper text is ``isBroken``.
    static let deepest = 512
    /// How much of a string is kept.
    static let keptBytes = 256

    enum Value: Sendable {
        /// Its first bytes, and how many it has in the text.
        case string([UInt8], length: Int)
        /// A number, or `true`, `false`, `null`, as it is written.
        case word([UInt8])
    }

    private enum State: Sendable {
        case value, firstKey, key, colon, afterValue, string, escape, word, whole, broken
    }

    private var state = State.value
    /// Of each open level: its name; of lists ``JSONKey/element``.
    private var keys: [JSONKey] = []
    private var isObject: [Bool] = []
    private var readsKey = false
    private var kept: [UInt8] = []
    private var length = 0

    /// One whole value was read.
    var isWhole: Bool { state == .whole }
    /// What came can't be JSON; the rest is not looked at.
    var isBroken: Bool { state == .broken }

    /// Reads on. `found` is told each string and number with its place, if that has at most ``JSONPath/mostLevels`` levels.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, found: (JSONPath, Value) -> Void) {
        var index = 0
        // The next quote at or after `index`, once it was looked for: so each byte is looked at a bounded number of times.
        var quote = -1
        while index < bytes.count {
            switch state {
            case .broken: return
            case .string: index = readString(bytes, from: index, quote: &quote, found: found)
            case .escape:
                keepEscaped(bytes[index])
                index += 1
                state = .string
            case .word:
                if Self.isWordByte(bytes[index]) {
                    keep(bytes[index])
                    index += 1
                } else {
                    endWord(found)
                }
            default:
                if !Self.isSpace(bytes[index]) { take(bytes[index]) }
                index += 1
            }
        }
    }

    private mutating func readString(
        _ bytes: UnsafeRawBufferPointer, from start: Int, quote: inout Int, found: (JSONPath, Value) -> Void
    ) -> Int {
        guard let base = bytes.baseAddress else { return start }
        if quote < start {
            let hit = memchr(base + start, 0x22, bytes.count - start)
            quote = hit.map { UnsafeRawPointer($0) - base } ?? bytes.count
        }
        let slash = memchr(base + start, 0x5C, quote - start).map { UnsafeRawPointer($0) - base }
        let end = slash ?? quote
        length += end - start
        let room = Self.keptBytes - kept.count
        if room > 0 { kept.append(contentsOf: bytes[start..<min(end, start + room)]) }
        if slash != nil {
            state = .escape
        } else if quote < bytes.count {
            endString(found)
        }
        return min(end + 1, bytes.count)
    }

    private mutating func keepEscaped(_ byte: UInt8) {
        // Names of models hold no other escapes; the exact text of anything else is of no interest.
        keep(byte == 0x6E ? 0x0A : byte == 0x74 ? 0x09 : byte)
    }

    private mutating func keep(_ byte: UInt8) {
        length += 1
        if kept.count < Self.keptBytes { kept.append(byte) }
    }

    private mutating func endString(_ found: (JSONPath, Value) -> Void) {
        if readsKey {
            keys[keys.count - 1] = JSONKey(kept)
            state = .colon
        } else {
            tell(.string(kept, length: length), found)
        }
    }

    private mutating func endWord(_ found: (JSONPath, Value) -> Void) { tell(.word(kept), found) }

    private mutating func tell(_ value: Value, _ found: (JSONPath, Value) -> Void) {
        if !keys.isEmpty, keys.count <= JSONPath.mostLevels { found(JSONPath(keys), value) }
        state = keys.isEmpty ? .whole : .afterValue
    }

    /// A byte outside strings and words.
    private mutating func take(_ byte: UInt8) {
        switch (state, byte) {
        case (.value, 0x7B): open(isObject: true)  // {
        case (.value, 0x5B): open(isObject: false)  // [
        case (.value, 0x22): begin(.string)
        case (.value, 0x5D) where isObject.last == false: close()  // an empty list
        case (.value, _) where Self.isWordByte(byte):
            begin(.word)
            keep(byte)
        case (.firstKey, 0x22), (.key, 0x22):
            begin(.string)
            readsKey = true
        case (.firstKey, 0x7D): close()
        case (.colon, 0x3A): state = .value
        case (.afterValue, 0x2C): state = isObject.last == true ? .key : .value
        case (.afterValue, 0x7D) where isObject.last == true: close()
        case (.afterValue, 0x5D) where isObject.last == false: close()
        default: state = .broken
        }
    }

    private mutating func begin(_ next: State) {
        kept.removeAll(keepingCapacity: true)
        length = 0
        readsKey = false
        state = next
    }

    private mutating func open(isObject opensObject: Bool) {
        guard isObject.count < Self.deepest else {
            state = .broken
            return
        }
        isObject.append(opensObject)
        keys.append(opensObject ? .other : .element)
        state = opensObject ? .firstKey : .value
    }

    private mutating func close() {
        isObject.removeLast()
        keys.removeLast()
        state = isObject.isEmpty ? .whole : .afterValue
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
        default: false
        }
    }
}
