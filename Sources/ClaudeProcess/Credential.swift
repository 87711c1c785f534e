/// What an agent's environment holds to authenticate its instances with.
public enum Credential: String, Hashable, Sendable, CaseIterable {
    case apiKey = "ANTHROPIC_API_KEY"
    case authToken = "ANTHROPIC_AUTH_TOKEN"
    case oauthToken = "CLAUDE_CODE_OAUTH_TOKEN"

    /// None of them is there; the description says how to get one.
    public struct Missing: Error, Hashable, Sendable, CustomStringConvertible {
        /// One sentence.
        public let description =
            "no credential for Claude Code: set ANTHROPIC_API_KEY to a key from the Claude Console "
            + "(https://platform.claude.com), or, for a Claude plan, CLAUDE_CODE_OAUTH_TOKEN to what `claude setup-token` "
            + "prints, in the environment of the agent"
    }

    /// The first that is set and not empty, in the order in which the CLI prefers them.
    public static func find(in environment: [String: String]) throws(Missing) -> Credential {
        for credential in [Credential.authToken, .apiKey, .oauthToken] {
            if let value = environment[credential.rawValue], !value.isEmpty { return credential }
        }
        throw Missing()
    }
}
