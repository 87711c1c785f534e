import Logging

/// How log lines and their receivers go together.
public enum LogFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// One object a line, for log collectors.
    case json
}

/// Settings that several programs share.
enum CommonKeys {
    static let logLevel = SettingKey(
        "log-level", .choice(Logger.Level.allCases.map(\.rawValue)), default: "info",
        help: "The least important lines to log.")
    static let logFormat = SettingKey(
        "log-format", .choice(LogFormat.allCases.map(\.rawValue)), default: "text",
        help: "Log lines for people, or JSON.")
    static let durability = SettingKey(
        "durability", .choice(["full", "normal", "off"]), default: "full",
        help:
            "How results are put on disk; anything but full may lose acknowledged work with the power: for benchmarks.")
    static let secretFile = SettingKey(
        "secret-file", .path,
        help: "The secret of this host's own processes; by default ~/.local/state/cc-orchestrator/loopback.secret.")
}

extension CommonKeys {
    static let keyFile = SettingKey(
        "key-file", .path,
        help:
            "The key to connect with, from `ccctl keys new`: for a coordinator on another host, or one that asks for keys."
    )
    static let allowedKeys = SettingKey(
        "allowed-keys", .path,
        help:
            "Who may connect beside this host's own programs, as `ccctl keys` writes it; by default allowed.keys beside the secret file."
    )
}

extension SettingsSource {
    func allowedKeys(beside secretFile: String) throws(SettingsError) -> String {
        if let path = try path(CommonKeys.allowedKeys) { return path }
        return secretFile.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/allowed.keys"
    }

    /// Where a coordinator is. One beyond loopback asks for a key.
    func coordinator(_ key: SettingKey, keyFile: String?) throws(SettingsError) -> Endpoint {
        let endpoint = try endpoint(key)
        guard endpoint.isLoopback || keyFile != nil else {
            throw SettingsError(
                "connecting beyond loopback to \(endpoint) needs a key: make it on the coordinator's host with `ccctl keys new NAME --role \(program == .agent ? "agent" : "client")`, copy NAME.key here, and name it with --key-file",
                at: origin(of: key))
        }
        return endpoint
    }

    func logLevel() throws(SettingsError) -> Logger.Level {
        try string(CommonKeys.logLevel).flatMap { Logger.Level(rawValue: $0) } ?? .info
    }

    func logFormat() throws(SettingsError) -> LogFormat {
        try string(CommonKeys.logFormat).flatMap { LogFormat(rawValue: $0) } ?? .text
    }

    func secretFile() throws(SettingsError) -> String {
        if let path = try path(CommonKeys.secretFile) { return path }
        return try context.defaultSecretFile()
    }
}
