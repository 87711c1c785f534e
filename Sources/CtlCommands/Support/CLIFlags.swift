import ArgumentParser

/// What is told to the CLI alone.
struct CLIFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Models to fall back to, in order; repeat it, or use commas.", valueName: "models"))
    var fallbackModel: [String] = []

    @Option(help: "How hard to think: low, medium, high, xhigh or max.")
    var effort: String?

    @Option(help: ArgumentHelp("In place of the CLI's own system prompt.", valueName: "text"))
    var systemPrompt: String?

    @Option(help: ArgumentHelp("Behind the CLI's system prompt.", valueName: "text"))
    var appendSystemPrompt: String?

    @Option(help: ArgumentHelp("The built-in tools that there are; none for no tool at all.", valueName: "tools"))
    var tools: [String] = []

    @Option(help: ArgumentHelp("MCP servers: a file, or JSON.", valueName: "file"))
    var mcpConfig: String?

    @Option(help: ArgumentHelp("Settings of the CLI: a file, or JSON.", valueName: "file"))
    var settings: String?

    @Option(help: ArgumentHelp("Agents to delegate to: a file, or JSON.", valueName: "file"))
    var agents: String?

    @Option(help: ArgumentHelp("One more folder on the agent's host; repeat it.", valueName: "dir"))
    var addDir: [String] = []

    /// What these flags say of every task.
    func fields() -> [Field] {
        [
            ("fallback_model", "--fallback-model", FieldValue.joined(fallbackModel)),
            ("effort", "--effort", effort.map(FieldValue.string)),
            ("system_prompt", "--system-prompt", systemPrompt.map(FieldValue.string)),
            ("append_system_prompt", "--append-system-prompt", appendSystemPrompt.map(FieldValue.string)),
            ("tools", "--tools", FieldValue.joined(tools)),
            ("mcp_config", "--mcp-config", mcpConfig.map(FieldValue.string)),
            ("settings", "--settings", settings.map(FieldValue.string)),
            ("agents", "--agents", agents.map(FieldValue.string)), ("add_dirs", "--add-dir", FieldValue.texts(addDir)),
        ].compactMap { key, flag, value in value.map { Field(key: key, value: $0, place: flag) } }
    }
}

extension FieldValue {
    /// A repeated flag's lists as one, with commas; nil if it was not given.
    static func joined(_ texts: [String]) -> FieldValue? { texts.isEmpty ? nil : .string(texts.joined(separator: ",")) }
}
