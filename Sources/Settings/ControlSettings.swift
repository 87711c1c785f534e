import ClusterModel

/// How the command line prints.
public enum OutputFormat: String, CaseIterable, Sendable {
    /// For people.
    case table
    /// For programs.
    case json
    /// Ids and errors alone.
    case quiet
}

/// All that the command line can be told besides its verbs.
public struct ControlSettings: Hashable, Sendable {
    /// Where the coordinator listens for clients.
    public var coordinator: Endpoint
    /// How results are printed.
    public var output: OutputFormat
    /// How long an absent coordinator is tried.
    public var connectTimeout: Milliseconds
    /// Absolute; the secret that this host's processes share.
    public var secretFile: String
    /// Absolute; the key to connect with instead of that secret. Nil: the secret.
    public var keyFile: String?
    /// Absolute; the list that `keys` looks after.
    public var allowedKeys: String

    /// The table of settings.
    public enum Key {
        static let coordinator = SettingKey(
            "coordinator", .connectEndpoint, default: "tcp://127.0.0.1:7302",
            help: "Where the coordinator listens for clients (its clients-endpoint).")
        static let output = SettingKey(
            "output", .choice(OutputFormat.allCases.map(\.rawValue)), default: "table", help: "How results are printed."
        )
        static let connectTimeout = SettingKey(
            "connect-timeout", .duration(1...(.seconds(3600))), default: "5s",
            help: "How long an absent coordinator is tried.")

        /// Every key.
        public static let all: [SettingKey] = [
            coordinator, output, connectTimeout, CommonKeys.secretFile, CommonKeys.keyFile, CommonKeys.allowedKeys,
        ]
    }

    /// Reads and checks them.
    ///
    /// - Throws: ``SettingsError`` for the first value that cannot be used.
    public init(_ source: SettingsSource) throws(SettingsError) {
        keyFile = try source.path(CommonKeys.keyFile)
        coordinator = try source.coordinator(Key.coordinator, keyFile: keyFile)
        output = try source.string(Key.output).flatMap { OutputFormat(rawValue: $0) } ?? .table
        connectTimeout = try source.duration(Key.connectTimeout)
        secretFile = try source.secretFile()
        allowedKeys = try source.allowedKeys(beside: secretFile)
    }
}
