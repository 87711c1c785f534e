import Foundation

/// What a program's surroundings tell its settings: passed in, so that tests decide it.
public struct SettingsContext: Sendable {
    /// All environment variables.
    public var environment: [String: String]
    /// Absolute; flags' relative paths start here.
    public var workingDirectory: String
    /// The default of an agent's name.
    public var hostName: String

    /// Surroundings as given.
    public init(environment: [String: String], workingDirectory: String, hostName: String) {
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.hostName = hostName
    }

    /// This process's own.
    public static var current: SettingsContext {
        SettingsContext(
            environment: ProcessInfo.processInfo.environment,
            workingDirectory: FileManager.default.currentDirectoryPath, hostName: systemHostName())
    }

    /// The kernel's name for this host: no name service is asked.
    private static func systemHostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The user's home directory.
    func home() throws(SettingsError) -> String {
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw SettingsError("HOME is not set to an absolute path: set it, or give every path in full")
        }
        return home
    }

    /// `$XDG_STATE_HOME/cc-orchestrator`, else `~/.local/state/cc-orchestrator`.
    func stateDirectory() throws(SettingsError) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/cc-orchestrator" }
        return try home() + "/.local/state/cc-orchestrator"
    }

    /// The one place that every program of a user agrees on, whatever their directories are.
    func defaultSecretFile() throws(SettingsError) -> String {
        try home() + "/.local/state/cc-orchestrator/loopback.secret"
    }

    /// A path with `~/` and relative parts resolved; `.` and `..` are folded by name.
    func absolutePath(_ path: String, from base: String) throws(SettingsError) -> String {
        var full = path
        if path == "~" || path.hasPrefix("~/") {
            full = try home() + path.dropFirst()
        } else if !path.hasPrefix("/") {
            full = base + "/" + path
        }
        var parts: [Substring] = []
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The first executable file of this name in PATH.
    func executable(named name: String) -> String? {
        for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
            let candidate = folder + "/" + name
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: String(candidate), isDirectory: &isFolder), !isFolder.boolValue,
                FileManager.default.isExecutableFile(atPath: String(candidate))
            {
                return String(candidate)
            }
        }
        return nil
    }
}
