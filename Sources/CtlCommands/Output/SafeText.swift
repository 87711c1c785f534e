/// Text from elsewhere, made safe for a terminal: an answer can hold escape sequences that repaint the screen, and
/// direction marks that show words in another order than they have.
enum SafeText {
    /// For one line of a table: line breaks and tabs become `\n` and `\t`.
    static func oneLine(_ text: String) -> String { visible(text, keepingLines: false) }

    /// For a text shown whole: line breaks and tabs stay.
    static func block(_ text: String) -> String { visible(text, keepingLines: true) }

    private static func visible(_ text: String, keepingLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out.append(contentsOf: keepingLines ? "\n".unicodeScalars : "\\n".unicodeScalars)
            case "\t": out.append(contentsOf: keepingLines ? "\t".unicodeScalars : "\\t".unicodeScalars)
            case "\r": out.append(contentsOf: "\\r".unicodeScalars)
            case "\u{1B}": out.append(contentsOf: "\\e".unicodeScalars)
            default:
                if isUnsafe(scalar) {
                    out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
                } else {
                    out.append(scalar)
                }
            }
        }
        return String(out)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F: true
        // Marks that change the direction of what follows, line and paragraph separators.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
