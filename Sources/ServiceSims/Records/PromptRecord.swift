/// One distinct prompt and the calls that began its turn.
public struct PromptRecord: Codable, Hashable, Sendable {
    /// The prompt's first ``keptCharacters`` characters: the user's own text, without what the CLI adds.
    public var text: String
    /// The prompt's `NONCE-…` tokens.
    public var nonces: [String]
    /// Calls that arrived with this prompt as their last message.
    public var arrived = 0
    /// Calls among them that were answered in full.
    public var answered = 0
    /// Calls among them that are open.
    public var open = 0

    /// How much of a prompt is kept.
    public static let keptCharacters = 300
}
