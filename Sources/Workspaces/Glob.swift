/// A pattern over paths with slashes: `*` and `?` stay within a name, `**` stands for any folders, none too.
struct Glob: Sendable {
    private let parts: [[Character]]

    init(_ pattern: String) { parts = pattern.split(separator: "/").map(Array.init) }

    func matches(_ path: String) -> Bool { Self.match(parts[...], path.split(separator: "/").map(Array.init)[...]) }

    private static func match(_ parts: ArraySlice<[Character]>, _ names: ArraySlice<[Character]>) -> Bool {
        guard let part = parts.first else { return names.isEmpty }
        if part == ["*", "*"] {
            let rest = parts.dropFirst()
            return (names.startIndex...names.endIndex).contains { match(rest, names[$0...]) }
        }
        guard let name = names.first, matches(part[...], name[...]) else { return false }
        return match(parts.dropFirst(), names.dropFirst())
    }

    /// One name; a star is tried from its last place on, so that no pattern takes more than its length times the name's.
    private static func matches(_ part: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
        var part = part
        var name = name
        var star: (part: ArraySlice<Character>, name: ArraySlice<Character>)?
        while let character = name.first {
            if part.first == "*" {
                part = part.dropFirst()
                star = (part, name)
            } else if part.first == "?" || part.first == character {
                part = part.dropFirst()
                name = name.dropFirst()
            } else if let last = star {
                star = (last.part, last.name.dropFirst())
                part = last.part
                name = last.name.dropFirst()
            } else {
                return false
            }
        }
        return part.allSatisfy { $0 == "*" }
    }
}
