import ClusterModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The CLI's own options as it takes them.
extension LaunchPlan {
    /// Where the MCP configuration lies: other users can't read it there, as they can a process's arguments, and it may hold keys.
    var mcpConfigFile: String { configDirectory + "/cc-orchestrator-mcp.json" }
    /// Where the task's settings lie.
    var settingsFile: String { configDirectory + "/cc-orchestrator-settings.json" }

    var cliArguments: [String] {
        var words: [String] = []
        func add(_ flag: String, _ value: String) {
            if !value.isEmpty { words.append("--\(flag)=\(value)") }
        }
        add("fallback-model", cli.fallbackModel)
        add("effort", cli.effort)
        add("system-prompt", cli.systemPrompt)
        add("append-system-prompt", cli.appendSystemPrompt)
        if !cli.tools.isEmpty {
            words.append("--tools=\(cli.tools == [CLIOptions.noTools] ? "" : cli.tools.joined(separator: ","))")
        }
        if !cli.mcpConfigJSON.isEmpty { add("mcp-config", mcpConfigFile) }
        if !cli.settingsJSON.isEmpty { add("settings", settingsFile) }
        add("agents", cli.agentsJSON)
        for directory in cli.directories { add("add-dir", directory) }
        return words
    }

    /// Puts the files in place that the arguments name.
    func writeFiles() throws {
        for (path, text) in [(mcpConfigFile, cli.mcpConfigJSON), (settingsFile, cli.settingsJSON)] where !text.isEmpty {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }
}

extension CLIOptions {
    /// What of it a running instance can't change: all.
    var launchParts: [String] {
        guard !isEmpty else { return [] }
        return [
            fallbackModel, effort, systemPrompt, appendSystemPrompt, tools.joined(separator: "\u{1e}"), mcpConfigJSON,
            settingsJSON, agentsJSON, directories.joined(separator: "\u{1e}"),
        ]
    }
}
