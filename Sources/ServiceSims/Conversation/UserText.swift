import Foundation

/// Finds a user's own words among what the CLI adds to a user message.
///
/// Seen with Claude Code 2.1.330, whose every call streams and offers the same dozen tools:
/// - The conversation's first user message begins with a block `<system-reminder>…</system-reminder>`; the prompt
///   follows as blocks of its own, as they were handed in.
/// - A message of the role `system` (the environment) comes BEHIND the first prompt, so the last message of a first call
///   is no user message.
/// - After `/clear`, blocks with `<local-command-caveat>`, `<command-name>` and `<local-command-stdout>` stand between
///   the reminder and the next prompt.
/// - When a turn fails or is interrupted, its prompt stays: it and the next prompt become blocks of ONE user message, and
///   the older one gets a newline at its end. An interrupt leaves a block `[Request interrupted by user]` between.
/// - A wrong `StructuredOutput` gets a tool result with `is_error`; when the model then talks instead, a user message
///   `[structured-output-enforce] …` follows. A right one ends the turn without another call.
/// - Tool results come alone in their message, unless the turn was interrupted at its tool: then the mark and the next
///   prompt follow the result in the same message. No title, quota or token-counting calls were seen.
enum UserText {
    /// What the CLI wraps its own additions in, inside a user message.
    static let foreignTags = [
        "system-reminder", "local-command-caveat", "command-name", "command-message", "command-args",
        "local-command-stdout", "local-command-stderr",
    ]

    /// The CLI leaves this in the place of what an interrupt stopped; what was said before it is over.
    static let interruptMark = "[Request interrupted by user"

    /// The CLI's own demand for a structured answer, sent as if the user had said it.
    static let enforceMark = "[structured-output-enforce]"

    /// The user's own text in a message's blocks: additions and earlier prompts taken out, blocks joined by a newline,
    /// ends trimmed. Empty when the message holds none; text before a tool result is not looked at. A block that ends in a newline and is followed by another is
    /// taken for an earlier prompt.
    static func own(_ blocks: [MessagesRequest.Block]) -> String {
        var parts: [String] = []
        var isOver = false
        let afterResults = blocks.lastIndex { $0.type == "tool_result" }.map { $0 + 1 } ?? 0
        for block in blocks[afterResults...] {
            guard let text = block.text else { continue }
            let own = withoutAdditions(text).trimmingCharacters(in: .whitespacesAndNewlines)
            if own.hasPrefix(interruptMark) {
                parts = []
            } else if !own.isEmpty, !own.hasPrefix(enforceMark) {
                if isOver { parts = [] }
                parts.append(own)
                isOver = text.hasSuffix("\n")
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
