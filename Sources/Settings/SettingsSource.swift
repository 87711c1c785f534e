/// What a flag was given on the command line: one value, or one for each time it was repeated.
public enum FlagValue: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    /// A flag that takes one value.
    case one(String)
    /// A flag that may be repeated.
    case many([String])
    /// One value.
    public init(stringLiteral value: String) { self = .one(value) }
    /// One value for each repetition.
    public init(arrayLiteral elements: String...) { self = .many(elements) }

    var texts: [String] {
        switch self {
        case .one(let text): [text]
        case .many(let texts): texts
        }
    }
}

/// A program's settings from all places, merged: flag over environment over file over default. An empty environment variable counts as not set.
public struct SettingsSource: Sendable {
    /// Whose settings these are.
    public let program: SettingsProgram
    /// The surroundings they were read in.
    public let context: SettingsContext
    /// Sentences to log once the log is set up: nothing in them stops the program.
    public private(set) var warnings: [String] = []
    /// Relative paths of the config file start here.
    let fileFolder: String
    private var values: [String: RawValue] = [:]

    /// Gathers a program's settings.
    ///
    /// - Parameters:
    ///   - flags: what was given on the command line, by the setting's name (`data-dir`, `labels`).
    ///   - configFile: the value of `--config`; nil takes `CCO_CONFIG`, and no file if that is not set either.
    /// - Throws: ``SettingsError`` for a file that cannot be used or names a key that this program doesn't have.
    public init(
        program: SettingsProgram, flags: [String: FlagValue] = [:], configFile: String? = nil,
        context: SettingsContext = .current
    ) throws(SettingsError) {
        self.program = program
        self.context = context
        var file: ConfigFile?
        if let path = configFile ?? context.environment["CCO_CONFIG"].flatMap({ $0.isEmpty ? nil : $0 }) {
            let absolute = try context.absolutePath(path, from: context.workingDirectory)
            fileFolder = absolute.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
            file = try ConfigFile(path: path, absolutePath: absolute, program: program)
        } else {
            fileFolder = context.workingDirectory
        }
        for name in flags.keys {
            precondition(
                program.keys.contains { $0.name == name }, "\(program.rawValue) has no setting \(name): a flag names it"
            )
        }
        for key in program.keys {
            if key.kind == .quotas {
                values[key.name] = try Self.layered(
                    key, file: file?.values[key.name], context.environment[key.environmentName] ?? "", flags[key.name])
            } else if let flag = flags[key.name] {
                values[key.name] = try Self.value(flag.texts, key, .flag(key.flag))
            } else if let text = context.environment[key.environmentName], !text.isEmpty {
                let texts = key.kind.shape == .scalar ? [text] : Self.split(text)
                values[key.name] = try Self.value(texts, key, .environment(key.environmentName))
            } else if let value = file?.values[key.name] {
                values[key.name] = value
            } else if let text = key.defaultText {
                values[key.name] = try Self.value(key.kind.shape == .scalar ? [text] : Self.split(text), key, .builtIn)
            }
        }
        warnings = Self.unknownVariables(context.environment)
    }

    /// Where a setting's value comes from; nil if it has none.
    public func origin(of key: SettingKey) -> SettingOrigin? {
        switch values[key.name] {
        case nil: nil
        case .scalar(let item): item.origin
        case .list(_, let origin), .map(_, let origin): origin
        }
    }

    func raw(_ key: SettingKey) -> RawValue? { values[key.name] }

    /// Entries from all places: those of a flag go before those of the same name in the environment, those before the file's.
    private static func layered(
        _ key: SettingKey, file: RawValue?, _ environment: String, _ flag: FlagValue?
    ) throws(SettingsError) -> RawValue? {
        var layers: [RawValue] = []
        if let file { layers.append(file) }
        if !environment.isEmpty {
            layers.append(try value(splitLimits(environment), key, .environment(key.environmentName)))
        }
        if let flag { layers.append(try value(flag.texts, key, .flag(key.flag))) }
        var merged: [(name: String, value: RawItem)] = []
        var origin: SettingOrigin?
        for case .map(let pairs, let place) in layers {
            let names = Set(pairs.map(\.name))
            var given = pairs
            // What is replaced keeps its place in the order.
            for index in merged.indices where names.contains(merged[index].name) {
                guard let new = given.firstIndex(where: { $0.name == merged[index].name }) else { continue }
                merged[index] = given.remove(at: new)
            }
            merged += given
            origin = place
        }
        return origin.map { .map(merged, $0) }
    }

    /// Limits hold commas themselves: a part whose name has no dot goes on with the limit before it.
    private static func splitLimits(_ text: String) -> [String] {
        split(text).reduce(into: []) { limits, part in
            if !part.prefix(while: { $0 != "=" }).contains("."), let last = limits.popLast() {
                limits.append(last + "," + part)
            } else {
                limits.append(part)
            }
        }
    }

    private static func split(_ text: String) -> [String] {
        text.split(separator: ",").map { part in
            String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty }
    }

    private static func value(
        _ texts: [String], _ key: SettingKey, _ origin: SettingOrigin
    ) throws(SettingsError) -> RawValue {
        switch key.kind.shape {
        case .scalar:
            guard texts.count == 1 else { throw SettingsError("give it once, not \(texts.count) times", at: origin) }
            return .scalar(RawItem(text: texts[0], origin: origin))
        case .list:
            return .list(texts.map { RawItem(text: $0, origin: origin) }, origin)
        case .map:
            var pairs: [(name: String, value: RawItem)] = []
            for text in texts {
                guard let equals = text.firstIndex(of: "=") else {
                    throw SettingsError(
                        "expected \(key.kind.expectation), found \(String(reflecting: text))", at: origin)
                }
                let value = String(text[text.index(after: equals)...])
                pairs.append((String(text[..<equals]), RawItem(text: value, origin: origin)))
            }
            return .map(pairs, origin)
        }
    }

    /// Only warned of: another version's variable may stand in the same environment.
    private static func unknownVariables(_ environment: [String: String]) -> [String] {
        let shared = ["CCO_CONFIG", "CCO_SECRET_FILE"]
        let known = Set(SettingsProgram.allCases.flatMap { $0.keys.map(\.environmentName) } + shared)
        return environment.keys.filter { $0.hasPrefix("CCO_") && !known.contains($0) }.sorted().map { name in
            let near = EditDistance.closest(to: name, among: known.sorted())
            return "\(name) is not a setting and was ignored" + (near.map { "; did you mean \($0)?" } ?? "")
        }
    }
}
