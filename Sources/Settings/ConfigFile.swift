import Foundation
import Yams

/// A YAML config file, read and checked against a program's table: every key known, every value of the right shape.
struct ConfigFile: Sendable {
    /// The largest config file.
    static let maximumBytes = 1024 * 1024

    /// As the user gave it; errors name it so.
    let path: String
    /// By the key's name.
    private(set) var values: [String: RawValue] = [:]

    /// Reads a file for a program; `absolutePath` is where it is, `path` how errors call it.
    init(path: String, absolutePath: String, program: SettingsProgram) throws(SettingsError) {
        try self.init(path: path, bytes: Self.read(absolutePath, called: path), program: program)
    }

    /// Reads a file's content.
    init(path: String, bytes: [UInt8], program: SettingsProgram) throws(SettingsError) {
        self.path = path
        let text = try Self.decode(bytes, path: path)
        guard let root = try Self.compose(text, path: path) else { return }
        if Self.isNull(root) { return }
        guard case .mapping(let mapping) = root else {
            throw SettingsError("expected lines of \"key: value\"", at: .file(path: path, line: root.mark?.line ?? 1))
        }
        try collect(mapping, prefix: "", program: program)
    }

    // MARK: - The file

    private static func read(_ file: String, called path: String) throws(SettingsError) -> [UInt8] {
        let whole = SettingOrigin.file(path: path, line: 0)
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT {
                throw SettingsError("there is no such config file: check --config or CCO_CONFIG", at: whole)
            }
            throw SettingsError("the config file cannot be opened: \(String(cString: strerror(errno)))", at: whole)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw SettingsError("the config file cannot be read: \(String(cString: strerror(errno)))", at: whole)
            }
            bytes += chunk[..<count]
            guard bytes.count <= maximumBytes else {
                throw SettingsError("the config file is over \(maximumBytes) bytes: is it the right file?", at: whole)
            }
        }
    }

    private static func decode(_ bytes: [UInt8], path: String) throws(SettingsError) -> String {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        if let text = String(validating: content, as: UTF8.self) { return text }
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw SettingsError(
            "the line is not UTF-8: save the file in that encoding", at: .file(path: path, line: bad + 1))
    }

    private static func compose(_ text: String, path: String) throws(SettingsError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw error.sentence(path: path)
        } catch {
            throw SettingsError("this is not YAML: \(error)", at: .file(path: path, line: 0))
        }
    }

    // MARK: - The keys

    /// Takes a mapping's keys; those of a nested mapping are named `outer.inner`.
    private mutating func collect(_ mapping: Node.Mapping, prefix: String, program: SettingsProgram)
        throws(SettingsError)
    {
        for (keyNode, node) in mapping {
            let place = SettingOrigin.file(path: path, line: keyNode.mark?.line ?? 0)
            guard let scalar = keyNode.scalar else {
                throw SettingsError("a key must be a word", at: place)
            }
            let name = prefix + scalar.string
            if let key = program.keys.first(where: { $0.name == name }) {
                guard values[name] == nil else {
                    throw SettingsError("the key \"\(name)\" is given twice: keep one", at: place)
                }
                values[name] = try read(node, for: key, at: place)
            } else if program.keys.contains(where: { $0.name.hasPrefix(name + ".") }) {
                guard case .mapping(let inner) = node else {
                    throw SettingsError(
                        "\"\(name)\" takes indented \"key: value\" lines, not a single value", at: place)
                }
                try collect(inner, prefix: name + ".", program: program)
            } else {
                throw Self.unknown(name, program: program, at: place)
            }
        }
    }

    private static func unknown(_ name: String, program: SettingsProgram, at place: SettingOrigin) -> SettingsError {
        let other = SettingsProgram.allCases.first { $0 != program && $0.keys.contains { $0.name == name } }
        if let other {
            return SettingsError("\"\(name)\" is a setting of \(other.rawValue), not of \(program.rawValue)", at: place)
        }
        let shown = String(reflecting: String(name.prefix(100)))
        guard name.count <= 100, let near = EditDistance.closest(to: name, among: program.keys.map(\.name)) else {
            return SettingsError("unknown key \(shown); the example file lists all keys", at: place)
        }
        return SettingsError("unknown key \(shown); did you mean \"\(near)\"?", at: place)
    }

    private func read(_ node: Node, for key: SettingKey, at place: SettingOrigin) throws(SettingsError) -> RawValue {
        if Self.isNull(node) {
            throw SettingsError("\"\(key.name)\" has no value: give it one or delete the line", at: place)
        }
        switch (key.kind.shape, node) {
        case (.scalar, .scalar): return .scalar(try item(node, in: key, at: place))
        case (.list, .sequence(let sequence)):
            var items: [RawItem] = []
            for element in sequence { items.append(try item(element, in: key, at: place)) }
            return .list(items, place)
        case (.map, .mapping(let mapping)):
            var pairs: [(name: String, value: RawItem)] = []
            for (name, value) in mapping {
                pairs.append((try item(name, in: key, at: place).text, try item(value, in: key, at: place)))
            }
            return .map(pairs, place)
        case (.scalar, _): throw SettingsError("\"\(key.name)\" takes \(key.kind.expectation), one value", at: place)
        case (.list, _):
            throw SettingsError("\"\(key.name)\" takes a list such as [a, b], not a single value", at: place)
        case (.map, _) where key.kind == .quotas:
            throw SettingsError(
                "\"\(key.name)\" takes indented lines such as claude.requests: 60/min,burst=6", at: place)
        case (.map, _): throw SettingsError("\"\(key.name)\" takes names with values such as {zone: eu}", at: place)
        }
    }

    private func item(_ node: Node, in key: SettingKey, at place: SettingOrigin) throws(SettingsError) -> RawItem {
        let line = node.mark.map { SettingOrigin.file(path: path, line: $0.line) } ?? place
        guard let scalar = node.scalar, !Self.isNull(node) else {
            throw SettingsError("an entry of \"\(key.name)\" must be a single value", at: line)
        }
        return RawItem(text: scalar.string, origin: line)
    }

    /// Nothing, `~` or `null`; a quoted text never is.
    private static func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

extension YamlError {
    /// The parser's complaint with its line, in our words.
    fileprivate func sentence(path: String) -> SettingsError {
        switch self {
        case .duplicatedKeysInMapping(let names, let context):
            SettingsError(
                "the key \"\(names.first ?? "")\" is given more than once: keep one",
                at: .file(path: path, line: context.mark.line))
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            SettingsError(
                "this is not YAML: \(problem) (column \(mark.column))", at: .file(path: path, line: mark.line))
        case .reader(let problem, let offset, _, let yaml):
            SettingsError(
                "this is not YAML: \(problem)",
                at: .file(path: path, line: offset.map { 1 + yaml.prefix($0).count { $0.isNewline } } ?? 0))
        default: SettingsError("this is not YAML: \(self)", at: .file(path: path, line: 0))
        }
    }
}
