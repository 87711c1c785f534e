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

extension SettingsSource {
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
