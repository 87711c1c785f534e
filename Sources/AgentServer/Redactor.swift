import ClaudeProcess
import ClusterModel

/// Takes the host's secrets out of what leaves the agent as words: logs, failures and their details. Answers stay exact.
struct Redactor: Sendable {
    /// What stands in a secret's place.
    static let mark = "[redacted]"
    /// A shorter value is no secret, and would be found in innocent words.
    static let shortest = 8

    /// Longest first, so that one which holds another goes whole.
    private let secrets: [String]

    /// The secrets of an agent with this environment: its credential's values, and what its upstreams are authenticated with.
    init(environment: [String: String]) {
        let names = Set(Credential.allCases.map(\.rawValue))
        var found: Set<String> = []
        for (name, value) in environment where names.contains(name) || name.hasSuffix("_AUTHORIZATION") {
            found.insert(value)
            // `Bearer TOKEN`: the token alone is as secret.
            if let last = value.split(separator: " ").last { found.insert(String(last)) }
        }
        secrets = found.filter { $0.utf8.count >= Self.shortest }
            .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    /// The text without them.
    func clean(_ text: String) -> String {
        var text = text
        for secret in secrets where text.contains(secret) {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: Self.mark)
        }
        return text
    }

    /// The failure without them.
    func clean(_ failure: TaskFailure) -> TaskFailure {
        TaskFailure(
            className: failure.errorClass, message: clean(failure.message), detail: clean(failure.detail))
    }
}
