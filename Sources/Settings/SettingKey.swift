import ClusterModel

/// What a setting's text must be.
public enum SettingKind: Hashable, Sendable {
    /// Any text.
    case string
    /// A path of the file system; made absolute where it is read.
    case path
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A length of time with its unit, such as `500ms`, `30s`, `5m`, `1h`.
    case duration(ClosedRange<Milliseconds>)
    /// A size such as `512MB` or `1GiB`; a bare number is bytes.
    case bytes(ClosedRange<Int64>)
    /// An amount of dollars, such as `20` or `0.50`, up to this many; 0 for none.
    case dollars(upTo: Int)
    /// A count, such as `250000`, `500k` or `2M`.
    case count(ClosedRange<Int64>)
    /// `true` or `false`.
    case boolean
    /// One of these words.
    case choice([String])
    /// A list of texts.
    case list
    /// A list of these words.
    case choiceList([String])
    /// A list of paths.
    case pathList
    /// Names with values, such as `zone=eu`.
    case map
    /// Buckets with their limits, such as `claude.requests=60/min,burst=6`: a flag or variable replaces the file's entry of
    /// the same name, and leaves the others.
    case quotas
    /// `tcp://HOST:PORT` to listen on; port 0 or `*` is a free one.
    case bindEndpoint
    /// `tcp://HOST:PORT` to connect to.
    case connectEndpoint
    /// `HOST:PORT` to serve HTTP on, or `off`.
    case httpEndpoint

    /// What a config file must hold for it: one value, a list, or names with values.
    var shape: Shape {
        switch self {
        case .list, .choiceList, .pathList: .list
        case .map, .quotas: .map
        default: .scalar
        }
    }

    /// The three forms that a value can have in a config file.
    enum Shape { case scalar, list, map }
}

/// One setting of a program, as its table declares it: the names by which it is given, what it must be, and what it means.
public struct SettingKey: Hashable, Sendable {
    /// In the config file; a dot stands for a nested mapping (`policy.directories`).
    public let name: String
    /// On the command line, with its dashes.
    public let flag: String
    /// What its text must be.
    public let kind: SettingKind
    /// As it would be written in the environment; nil where the default is found at run time or there is none.
    public let defaultText: String?
    /// One sentence for a person.
    public let help: String

    /// Declares a setting; the flag is `--` and the name, dots as dashes, unless told.
    public init(_ name: String, _ kind: SettingKind, default text: String? = nil, flag: String? = nil, help: String) {
        self.name = name
        self.kind = kind
        self.defaultText = text
        self.flag = flag ?? "--" + String(name.map { $0 == "." ? "-" : $0 })
        self.help = help
    }

    /// In the environment: `data-dir` is `CCO_DATA_DIR`, `policy.directories` is `CCO_POLICY_DIRECTORIES`, `apiRateLimit`
    /// is `CCO_API_RATE_LIMIT`.
    public var environmentName: String {
        name.reduce(into: "CCO_") { text, letter in
            if letter.isUppercase { text += "_" }
            text += letter == "." || letter == "-" ? "_" : letter.uppercased()
        }
    }
}

/// The programs that have settings, each with its table.
public enum SettingsProgram: String, CaseIterable, Sendable {
    /// The coordinator.
    case coordinator = "cc-coordinator"
    /// The agent.
    case agent = "cc-agent"
    /// The command line.
    case control = "ccctl"

    /// All that this program can be told.
    public var keys: [SettingKey] {
        switch self {
        case .coordinator: CoordinatorSettings.Key.all
        case .agent: AgentSettings.Key.all
        case .control: ControlSettings.Key.all
        }
    }
}
