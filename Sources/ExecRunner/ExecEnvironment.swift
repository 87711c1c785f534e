import ClusterModel

/// The environment of a command: little, and nothing of the agent's credentials.
public enum ExecEnvironment {
    /// When the agent has none of its own.
    public static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// PATH and LANG of the agent, scratch folders, the task's own variables, and which task and attempt it is.
    ///
    /// - Parameter own: `KEY=VALUE`; a later one of a name wins.
    public static func make(
        from agent: [String: String], home: String, temporary: String, token: AttemptToken, own: [String]
    ) -> [String: String] {
        var values = [
            "PATH": agent["PATH"] ?? defaultPath, "LANG": agent["LANG"] ?? "C.UTF-8", "HOME": home, "TMPDIR": temporary,
        ]
        for entry in own {
            guard let sign = entry.firstIndex(of: "=") else { continue }
            values[String(entry[..<sign])] = String(entry[entry.index(after: sign)...])
        }
        values["CCO_TASK"] = "\(token.task)"
        values["CCO_ATTEMPT"] = "\(token.attempt)"
        return values
    }

    /// Why a task may not bring this variable, in a sentence; nil: it may.
    ///
    /// - Parameter anyCommand: Every program is allowed, so there is nothing to get round.
    public static func objection(to entry: String, anyCommand: Bool) -> String? {
        guard let sign = entry.firstIndex(of: "="), sign != entry.startIndex, !entry.utf8.contains(0) else {
            return "\"\(entry.prefix(64))\" is no variable: write KEY=VALUE"
        }
        let name = entry[..<sign]
        if entry.utf8.count >= ExecLimits.argumentBytes {
            return "the variable \(name.prefix(64)) has \(entry.utf8.count) bytes, over what the system takes"
        }
        if name.hasPrefix("CCO_") { return "the variable \(name.prefix(64)) is the agent's own: choose another name" }
        if !anyCommand, name == "PATH" || name.hasPrefix("LD_") {
            return
                "the variable \(name.prefix(64)) could make another program of an allowed one: it needs policy.commands: [\"*\"] on this agent"
        }
        return nil
    }
}
