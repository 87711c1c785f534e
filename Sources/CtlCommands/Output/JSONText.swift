/// JSON strings, written so that a value never breaks the line it stands on.
enum JSONText {
    /// `text` in quotes.
    static func quoted(_ text: String) -> String {
        var out: [UInt8] = []
        append(text, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// Appends `text` in quotes. Line separators that some readers split at (U+0085, U+2028, U+2029) are escaped too.
    static func append(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += Array("\\\"".utf8)
            case "\\": out += Array("\\\\".utf8)
            case "\n": out += Array("\\n".utf8)
            case "\r": out += Array("\\r".utf8)
            case "\t": out += Array("\\t".utf8)
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F || isLineSeparator(scalar.value) {
                    appendEscape(scalar.value, to: &out)
                } else {
                    out.append(contentsOf: scalar.utf8)
                }
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    /// JSON without the blanks between its parts and with line separators escaped: a value that fits on one line.
    static func oneLine(_ json: String) -> String {
        var out: [UInt8] = []
        var inString = false
        var escaped = false
        for scalar in json.unicodeScalars {
            if inString {
                if isLineSeparator(scalar.value) {
                    appendEscape(scalar.value, to: &out)
                    continue
                }
                if escaped {
                    escaped = false
                } else if scalar == "\\" {
                    escaped = true
                } else if scalar == "\"" {
                    inString = false
                }
            } else if scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t" {
                continue
            } else if scalar == "\"" {
                inString = true
            }
            out.append(contentsOf: scalar.utf8)
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isLineSeparator(_ value: UInt32) -> Bool { value == 0x85 || value == 0x2028 || value == 0x2029 }

    private static func appendEscape(_ value: UInt32, to out: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        out += Array("\\u".utf8)
        for shift in [12, 8, 4, 0] { out.append(digits[Int(value >> UInt32(shift)) & 15]) }
    }
}
