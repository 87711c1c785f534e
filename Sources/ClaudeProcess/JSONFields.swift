#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The members of one JSON object as they stand in its text, found in one pass without decoding what is inside.
///
/// Two uses that a decoder does not serve: the type of a line that may be megabytes long, and the exact text of a member (an
/// answer's numbers must not change on their way through a Double).
struct JSONFields {
    private let bytes: [UInt8]
    private var members: [(name: Range<Int>, value: Range<Int>)] = []

    /// Nil when `bytes` is not one whole object. What is inside its members is checked for brackets and strings only.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard let members = bytes.withUnsafeBytes({ Scanner(text: $0).object() }) else { return nil }
        self.members = members
    }

    /// The exact text of a member; nil when there is none, or it is null.
    func text(_ name: String) -> String? {
        guard let value = range(name) else { return nil }
        let text = String(decoding: bytes[value], as: UTF8.self)
        return text == "null" ? nil : text
    }

    /// A member that is a string without escapes, such as a type or an id.
    func word(_ name: String) -> String? {
        guard let value = range(name), value.count >= 2, bytes[value.lowerBound] == UInt8(ascii: "\"") else {
            return nil
        }
        let inner = bytes[(value.lowerBound + 1)..<(value.upperBound - 1)]
        return inner.contains(UInt8(ascii: "\\")) ? nil : String(decoding: inner, as: UTF8.self)
    }

    /// The members of a member that is an object.
    func object(_ name: String) -> JSONFields? {
        range(name).flatMap { JSONFields(Array(bytes[$0])) }
    }

    private func range(_ name: String) -> Range<Int>? {
        members.last { bytes[$0.name].elementsEqual(name.utf8) }?.value
    }
}

extension JSONFields {
    /// Walks over one object's text.
    fileprivate struct Scanner {
        let text: UnsafeRawBufferPointer
        var position = 0

        init(text: UnsafeRawBufferPointer) { self.text = text }

        func object() -> [(name: Range<Int>, value: Range<Int>)]? {
            var scanner = self
            return scanner.readObject()
        }

        private mutating func readObject() -> [(name: Range<Int>, value: Range<Int>)]? {
            var members: [(name: Range<Int>, value: Range<Int>)] = []
            skipSpace()
            guard take("{") else { return nil }
            skipSpace()
            if take("}") { return atEnd() ? members : nil }
            while true {
                skipSpace()
                guard let name = string() else { return nil }
                skipSpace()
                guard take(":") else { return nil }
                skipSpace()
                guard let value = value() else { return nil }
                members.append((name.lowerBound + 1..<name.upperBound - 1, value))
                skipSpace()
                if take(",") { continue }
                guard take("}") else { return nil }
                return atEnd() ? members : nil
            }
        }

        private mutating func atEnd() -> Bool {
            skipSpace()
            return position == text.count
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func skipSpace() {
            while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
        }

        /// A string with its quotes.
        private mutating func string() -> Range<Int>? {
            let start = position
            guard take("\""), let base = text.baseAddress else { return nil }
            while position < text.count {
                // Long texts are most of a line: let memchr find their end.
                guard let quote = memchr(base + position, 0x22, text.count - position) else { return nil }
                let end = UnsafeRawPointer(quote) - base
                var backslashes = 0
                while end - 1 - backslashes > start, text[end - 1 - backslashes] == UInt8(ascii: "\\") {
                    backslashes += 1
                }
                position = end + 1
                if backslashes % 2 == 0 { return start..<position }
            }
            return nil
        }

        private mutating func value() -> Range<Int>? {
            let start = position
            var depth = 0
            while position < text.count {
                switch text[position] {
                case UInt8(ascii: "\""):
                    guard string() != nil else { return nil }
                    if depth == 0 { return start..<position }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    position += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return position > start ? start..<position : nil }
                    depth -= 1
                    position += 1
                    if depth == 0 { return start..<position }
                case UInt8(ascii: ","), 0x20, 0x09, 0x0a, 0x0d:
                    if depth == 0 { return position > start ? start..<position : nil }
                    position += 1
                default:
                    position += 1
                }
            }
            return nil
        }
    }
}
