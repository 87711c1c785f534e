import Logging

/// Text that is safe on one line of a terminal and in JSON: what a prompt or a server sends can't forge a line or move a cursor.
enum LogText {
    /// Appends a JSON string.
    static func quote(_ text: String, into line: inout String) {
        line += "\""
        escape(text, into: &line, quotes: true)
        line += "\""
    }

    /// Appends a text with its control characters as JSON escapes; with `quotes`, quotes and backslashes too.
    static func escape(_ text: String, into line: inout String, quotes: Bool) {
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= LineLogHandler.maximumValueBytes else {
                line += "… (cut at \(LineLogHandler.maximumValueBytes) bytes)"
                return
            }
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case "\"" where quotes: line += "\\\""
            case "\\" where quotes: line += "\\\\"
            // C0, DEL and C1; line and paragraph separators; marks that reverse the direction of writing.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    /// Appends a metadata value as JSON, names in order.
    static func json(_ value: Logger.MetadataValue, into line: inout String) {
        switch value {
        case .string(let text): quote(text, into: &line)
        case .stringConvertible(let object): quote(object.description, into: &line)
        case .array(let values):
            line += "["
            for (index, element) in values.enumerated() {
                if index > 0 { line += "," }
                json(element, into: &line)
            }
            line += "]"
        case .dictionary(let pairs):
            line += "{"
            for (index, pair) in pairs.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line += "," }
                quote(pair.key, into: &line)
                line += ":"
                json(pair.value, into: &line)
            }
            line += "}"
        }
    }
}
