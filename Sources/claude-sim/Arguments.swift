/// The CLI's flags: those that change what the stand-in says are read, the other known ones are accepted, unknown ones refused as the CLI does.
struct Arguments {
    var showsVersion = false
    var model = "claude-sim"
    var permissionMode = "default"
    var sessionID: String?
    var schema: JSON?
    /// The session to go on with, and whether as a copy under a new name.
    var resume: String?
    var forks = false

    struct Refused: Error { var message: String }

    private static let switches: Set<String> = [
        "-p", "--print", "--verbose", "--strict-mcp-config", "--bare", "--restricted",
        "--no-session-persistence", "--include-partial-messages", "--replay-user-messages", "--include-hook-events",
        "--dangerously-skip-permissions", "--disable-slash-commands", "-c", "--continue",
    ]
    private static let valued: Set<String> = [
        "--model", "--fallback-model", "--effort", "--system-prompt", "--append-system-prompt", "--json-schema",
        "--max-budget-usd", "--max-turns", "--permission-mode", "--permission-prompts", "--settings",
        "--setting-sources", "--agents", "--worktree", "--name", "--session-id", "--resume", "--input-format",
        "--output-format",
    ]
    /// Take all words up to the next flag.
    private static let variadic: Set<String> = [
        "--tools", "--allowed-tools", "--allowedTools", "--disallowed-tools", "--disallowedTools", "--mcp-config",
        "--add-dir",
    ]

    init(_ words: some Collection<String>) throws(Refused) {
        var words = Array(words)[...]
        var formats = (input: "text", output: "text")
        while let word = words.popFirst() {
            if word == "--version" || word == "-v" {
                showsVersion = true
                return
            }
            let (name, joined) = Self.split(word)
            if word == "--fork-session" { forks = true }
            if Self.switches.contains(word) || word == "--fork-session" { continue }
            if Self.variadic.contains(name) {
                if joined == nil { while let next = words.first, !next.hasPrefix("-") { words.removeFirst() } }
                continue
            }
            guard Self.valued.contains(name) else {
                throw Refused(
                    message: word.hasPrefix("-")
                        ? "error: unknown option '\(name)'" : "claude-sim takes prompts from stdin only")
            }
            guard let value = joined ?? Self.value(&words) else {
                throw Refused(message: "error: option '\(name) <value>' argument missing")
            }
            switch name {
            case "--model": model = value
            case "--permission-mode": permissionMode = value
            case "--session-id": sessionID = value
            case "--resume": resume = value
            case "--input-format": formats.input = value
            case "--output-format": formats.output = value
            case "--json-schema":
                guard let schema = JSON(parsing: Array(value.utf8)), case .object = schema else {
                    throw Refused(message: "Error: --json-schema is not a valid JSON Schema")
                }
                self.schema = schema
            default: break
            }
        }
        guard formats == ("stream-json", "stream-json") else {
            throw Refused(message: "claude-sim speaks --input-format stream-json --output-format stream-json only")
        }
    }

    private static func split(_ word: String) -> (name: String, value: String?) {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func value(_ words: inout ArraySlice<String>) -> String? {
        guard let next = words.first, !next.hasPrefix("-") else { return nil }
        return words.popFirst()
    }
}
