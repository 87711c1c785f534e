/// What a task tells the Claude Code CLI beside what every runner knows. All of it is fixed when an instance is launched.
public struct CLIOptions: Hashable, Sendable {
    /// Models to fall back to while the main one is busy, with commas between; empty: none.
    public var fallbackModel: String
    /// How hard the model is to think: one of ``efforts``; empty: the CLI's default.
    public var effort: String
    /// In place of the CLI's own system prompt; empty: its own.
    public var systemPrompt: String
    /// Behind the CLI's system prompt; empty: nothing.
    public var appendSystemPrompt: String
    /// The CLI's built-in tools that there are: their names, or ``noTools`` alone, or `default` alone; empty: all that it has.
    public var tools: [String]
    /// MCP servers as the CLI takes them, `{"mcpServers":{…}}`; empty: none.
    public var mcpConfigJSON: String
    /// Settings of the CLI as a JSON object; empty: none.
    public var settingsJSON: String
    /// Agents that the CLI may delegate to, as a JSON object; empty: its own.
    public var agentsJSON: String
    /// Folders on the agent's host that its tools may reach beside the working directory; absolute.
    public var directories: [String]

    /// The word that, alone, means that no built-in tool is there.
    public static let noTools = "none"
    /// What the CLI takes as an effort.
    public static let efforts = ["low", "medium", "high", "xhigh", "max"]

    /// The CLI's defaults, but for what is given.
    public init(
        fallbackModel: String = "", effort: String = "", systemPrompt: String = "", appendSystemPrompt: String = "",
        tools: [String] = [], mcpConfigJSON: String = "", settingsJSON: String = "", agentsJSON: String = "",
        directories: [String] = []
    ) {
        self.fallbackModel = fallbackModel
        self.effort = effort
        self.systemPrompt = systemPrompt
        self.appendSystemPrompt = appendSystemPrompt
        self.tools = tools
        self.mcpConfigJSON = mcpConfigJSON
        self.settingsJSON = settingsJSON
        self.agentsJSON = agentsJSON
        self.directories = directories
    }

    /// Nothing is said: the CLI's defaults.
    public var isEmpty: Bool { self == CLIOptions() }

    /// What is wrong with its sizes, in a sentence; nil: nothing.
    public var sizeObjection: String? {
        let texts = [
            ("fallback model", fallbackModel), ("effort", effort), ("system prompt", systemPrompt),
            ("appended system prompt", appendSystemPrompt), ("MCP configuration", mcpConfigJSON),
            ("settings", settingsJSON), ("agents", agentsJSON), ("list of tools", tools.joined(separator: ",")),
            ("list of folders", directories.joined(separator: ",")),
        ]
        var sum = 0
        for (name, text) in texts {
            let bytes = text.utf8.count
            sum += bytes
            if bytes > Limits.cliTextBytes {
                return "the \(name) takes \(bytes) bytes, the limit is \(Limits.cliTextBytes)"
            }
            if text.utf8.contains(0) { return "the \(name) holds a NUL" }
        }
        if directories.count > Limits.cliDirectories {
            return "\(directories.count) more folders are named, the limit is \(Limits.cliDirectories)"
        }
        return sum > Limits.cliOptionsBytes
            ? "the CLI's options take \(sum) bytes together, the limit is \(Limits.cliOptionsBytes)" : nil
    }
}
