/// Where a value came from, so that an error can point at it.
public enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
    /// A command-line flag, with its dashes.
    case flag(String)
    /// An environment variable.
    case environment(String)
    /// A line of the config file, from 1; 0 means the file as a whole.
    case file(path: String, line: Int)
    /// The program's own default.
    case builtIn

    /// As it opens an error: `--instances`, `CCO_INSTANCES`, `agent.yaml:7`.
    public var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): name
        case .file(let path, 0): path
        case .file(let path, let line): "\(path):\(line)"
        case .builtIn: "default"
        }
    }
}

/// A setting that cannot be used: where it was given, what is wrong and what to do.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nil where no one place is at fault, such as a value that is missing everywhere.
    public var origin: SettingOrigin?
    /// One sentence, without the place.
    public var message: String

    /// An error at a place, or at none.
    public init(_ message: String, at origin: SettingOrigin? = nil) {
        self.origin = origin
        self.message = message
    }

    /// The sentence to print: `agent.yaml:7: unknown key "instances_max"; did you mean "instances"?`
    public var description: String {
        guard let origin else { return message }
        return "\(origin): \(message)"
    }
}
