import ClaudeProcess
import ClusterModel
import Foundation
import Settings

/// What a task may tell the CLI on this host.
extension JobPolicy {
    func objection(toClaude options: TaskOptions) -> String? {
        let cli = options.cli
        if let objection = objection(toEnvironment: options.environment) { return objection }
        if !cli.effort.isEmpty, !CLIOptions.efforts.contains(cli.effort) {
            return "the effort \(cli.effort.prefix(64)) is not one of \(CLIOptions.efforts.joined(separator: ", "))"
        }
        for directory in cli.directories {
            if let objection = objection(toDirectory: directory) { return objection }
        }
        return objection(toServers: cli.mcpConfigJSON) ?? objection(toSettings: cli.settingsJSON)
            ?? objection(toAgents: cli.agentsJSON)
    }

    private func objection(toEnvironment entries: [String]) -> String? {
        for entry in entries {
            if let objection = InstanceEnvironment.objection(to: entry) { return objection }
            let name = entry.prefix { $0 != "=" }
            let isAllowed = policy.environment.contains { allowed in
                allowed == name
                    || allowed.hasSuffix("*") && name.hasPrefix(allowed.dropLast())
                        && !InstanceEnvironment.changesPrograms(name)
            }
            guard isAllowed else {
                return
                    "the variable \(name.prefix(64)) is not one that tasks may bring to this agent: name it in policy.environment of its settings"
            }
        }
        return nil
    }

    private func objection(toServers json: String) -> String? {
        guard !json.isEmpty else { return nil }
        guard let servers = object(json)?["mcpServers"] as? [String: Any] else {
            return "the MCP configuration is no JSON object with mcpServers"
        }
        return objection(toServersNamed: servers)
    }

    private func objection(toServersNamed servers: [String: Any]) -> String? {
        for name in servers.keys.sorted() {
            guard let server = servers[name] as? [String: Any] else {
                return "the MCP server \(name.prefix(64)) is no object"
            }
            let type = server["type"] as? String ?? "stdio"
            let kind = type == "sse" ? "http" : type
            guard ["http", "stdio"].contains(kind) else {
                return
                    "the MCP server \(name.prefix(64)) is of type \(type.prefix(64)), which is none of stdio, http, sse"
            }
            guard policy.mcp.contains(kind) else {
                return
                    "the MCP server \(name.prefix(64)) of type \(type) is not allowed on this agent: name \(kind) in policy.mcp of its settings"
            }
        }
        return nil
    }

    private func objection(toSettings json: String) -> String? {
        guard !json.isEmpty else { return nil }
        guard policy.allowsSettings else {
            return "settings of the CLI are not allowed on this agent: policy.settings of its settings allows them"
        }
        guard let settings = object(json) else { return "the settings are no JSON object" }
        for key in ["apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "gcpAuthRefresh"]
        where settings[key] != nil {
            return "the setting \(key) is not taken: the credential is the agent's own"
        }
        if let entries = settings["env"] as? [String: Any] {
            let pairs = entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            if let objection = objection(toEnvironment: pairs) { return objection }
        }
        if let mode = (settings["permissions"] as? [String: Any])?["defaultMode"] as? String {
            return objection(toMode: mode)
        }
        return nil
    }

    /// An agent of the CLI can bring what settings and MCP configurations can: it is held to the same.
    private func objection(toAgents json: String) -> String? {
        guard !json.isEmpty else { return nil }
        guard let agents = object(json) else { return "the agents are no JSON object" }
        for name in agents.keys.sorted() {
            guard let agent = agents[name] as? [String: Any] else { return "the agent \(name.prefix(64)) is no object" }
            if agent["hooks"] != nil, !policy.allowsSettings {
                return "the agent \(name.prefix(64)) has hooks, which need policy.settings on this host"
            }
            if let mode = agent["permissionMode"] as? String, let objection = objection(toMode: mode) {
                return objection
            }
            switch agent["mcpServers"] {
            case nil: break
            case let servers as [String: Any]:
                if let objection = objection(toServersNamed: servers) { return objection }
            case let list as [Any]:
                // A text names a server that is there anyway; a mapping brings one.
                for case let servers as [String: Any] in list {
                    if let objection = objection(toServersNamed: servers) { return objection }
                }
            default: return "the agent \(name.prefix(64)) has mcpServers that are neither a list nor an object"
            }
        }
        return nil
    }

    private func object(_ json: String) -> [String: Any]? {
        // What can't be read is told by the caller, in words of its own.
        (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any]
    }
}
