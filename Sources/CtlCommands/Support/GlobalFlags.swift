/// Flags that every verb takes may stand before it, too: they are moved behind it before anything else reads them.
enum GlobalFlags {
    /// Each takes a value.
    static let names: Set<String> = [
        "--coordinator", "--output", "--config", "--secret-file", "--connect-timeout", "--key-file", "-o",
    ]

    /// Verbs that have verbs of their own.
    private static let families: Set<String> = ["store", "bench", "quota", "keys"]

    /// `["--output", "json", "jobs"]` becomes `["jobs", "--output", "json"]`; what is no global flag stays where it is.
    static func moveBehindVerb(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest = arguments[...]
        while let word = rest.first, names.contains(String(word.prefix { $0 != "=" })) {
            moved.append(word)
            rest.removeFirst()
            if !word.contains("="), let value = rest.first {
                moved.append(value)
                rest.removeFirst()
            }
        }
        guard let verb = rest.first, !verb.hasPrefix("-") else { return arguments }
        // A verb of two words is one verb.
        var words = 1
        if families.contains(verb), let second = rest.dropFirst().first, !second.hasPrefix("-") { words = 2 }
        return Array(rest.prefix(words)) + moved + rest.dropFirst(words)
    }
}
