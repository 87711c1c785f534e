import Foundation

/// What one kept call holds of users' own marked words: all of its messages, those of earlier turns included.
public struct ConversationRecord: Codable, Hashable, Sendable {
    /// The distinct `NONCE-…` words, in the order of their first appearance.
    public var nonces: [String]
    /// How often each of them stands there.
    public var mentions: [Int]

    init(_ body: Data) {
        let text = String(decoding: body, as: UTF8.self)
        var counts: [String: Int] = [:]
        for match in text.matches(of: /NONCE-[A-Za-z0-9_\-]+/) { counts[String(match.output), default: 0] += 1 }
        let words = UserText.nonces(text)
        nonces = words
        mentions = words.map { counts[$0] ?? 0 }
    }
}
