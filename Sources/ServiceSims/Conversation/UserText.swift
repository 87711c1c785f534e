import Foundation

/// Finds a user's own words among what the CLI adds to a user message.
enum UserText {
    /// What the CLI wraps its own additions in, inside a user message.
    static let foreignTags = [
        "system-reminder", "local-command-caveat", "command-name", "command-message", "command-args",
        "local-command-stdout", "local-command-stderr",
    ]

    /// The CLI leaves this in the place of what an interrupt stopped; what was said before it is over.
    static let interruptMark = "[Request interrupted by user"

    /// The user's own text in a message's blocks: additions taken out, blocks joined by a newline, ends trimmed. Empty
    /// when the message holds none.
    static func own(_ blocks: [MessagesRequest.Block]) -> String {
        var parts: [String] = []
        for block in blocks {
            guard let text = block.text else { continue }
            let own = withoutAdditions(text).trimmingCharacters(in: .whitespacesAndNewlines)
            if own.hasPrefix(interruptMark) {
                parts = []
            } else if !own.isEmpty {
                parts.append(own)
            }
        }
        return parts.joined(separator: "\n")
    }

    static func withoutAdditions(_ text: String) -> String {
        guard text.contains("<") else { return text }
        var rest = text
        for tag in foreignTags {
            while let start = rest.range(of: "<\(tag)>"),
                let end = rest.range(of: "</\(tag)>", range: start.upperBound..<rest.endIndex)
            {
                rest.removeSubrange(start.lowerBound..<end.upperBound)
            }
        }
        return rest
    }

    /// The distinct tokens `NONCE-…` (letters, digits, `_`, `-`) of a text, in the order of their first appearance.
    static func nonces(_ text: String) -> [String] {
        guard text.contains("NONCE-") else { return [] }
        var found: [String] = []
        for match in text.matches(of: /NONCE-[A-Za-z0-9_\-]+/) {
            let nonce = String(match.output)
            if !found.contains(nonce) { found.append(nonce) }
        }
        return found
    }
}
