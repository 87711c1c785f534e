import Foundation

/// Random words that open the gateway, and how they are compared.
enum Secrets {
    /// `bytes` random ones, as hex digits.
    static func hex(bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        var text = ""
        for _ in 0..<bytes {
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
        return text
    }

    /// Whether both are the same, in a time that hangs on `given`'s length alone.
    static func equal(_ given: some StringProtocol, _ secret: String) -> Bool {
        let given = Array(given.utf8)
        let secret = Array(secret.utf8)
        var difference = given.count ^ secret.count
        for index in given.indices {
            difference |= Int(given[index] ^ (index < secret.count ? secret[index] : 0))
        }
        return difference == 0
    }

    /// The key in an `authorization` header: `Bearer KEY`, `token KEY`, or the password of `Basic`.
    static func key(inAuthorization value: String) -> String? {
        let words = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard words.count == 2 else { return nil }
        let rest = words[1].trimmingCharacters(in: .whitespaces)
        switch words[0].lowercased() {
        case "bearer", "token": return rest
        case "basic":
            guard let data = Data(base64Encoded: rest), let text = String(data: data, encoding: .utf8),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            return String(text[text.index(after: colon)...])
        default: return nil
        }
    }
}
