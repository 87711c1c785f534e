import ClusterModel

/// What can be said to the CLI alone, each thing only where it was said.
struct CLIFields: Equatable, Sendable {
    var fallbackModel: String?
    var effort: String?
    var systemPrompt: String?
    var appendSystemPrompt: String?
    var tools: [String]?
    var mcpConfigJSON: String?
    var settingsJSON: String?
    var agentsJSON: String?
    var directories: [String]?

    static let known = [
        "fallback_model", "effort", "system_prompt", "append_system_prompt", "tools", "mcp_config", "settings",
        "agents", "add_dirs",
    ]

    /// Takes one field of ``known``.
    mutating func set(_ field: Field) throws {
        switch field.key {
        case "fallback_model": fallbackModel = try field.modelList()
        case "effort": effort = try field.effort()
        case "system_prompt": systemPrompt = try field.cliText()
        case "append_system_prompt": appendSystemPrompt = try field.cliText()
        case "tools": tools = try field.builtInTools()
        case "mcp_config": mcpConfigJSON = try CLIJSON.mcpConfig(field)
        case "settings": settingsJSON = try CLIJSON.settings(field)
        case "agents": agentsJSON = try CLIJSON.agents(field)
        case "add_dirs": directories = try field.directories()
        default: preconditionFailure("not one of the CLI's fields: \(field.key)")
        }
    }

    /// These, and where they say nothing, `base`.
    func over(_ base: CLIFields) -> CLIFields {
        CLIFields(
            fallbackModel: fallbackModel ?? base.fallbackModel, effort: effort ?? base.effort,
            systemPrompt: systemPrompt ?? base.systemPrompt,
            appendSystemPrompt: appendSystemPrompt ?? base.appendSystemPrompt, tools: tools ?? base.tools,
            mcpConfigJSON: mcpConfigJSON ?? base.mcpConfigJSON, settingsJSON: settingsJSON ?? base.settingsJSON,
            agentsJSON: agentsJSON ?? base.agentsJSON, directories: directories ?? base.directories)
    }

    /// The name of one that was said; nil: none was.
    var firstSaid: String? {
        let said = [
            fallbackModel != nil, effort != nil, systemPrompt != nil, appendSystemPrompt != nil, tools != nil,
            mcpConfigJSON != nil, settingsJSON != nil, agentsJSON != nil, directories != nil,
        ]
        return said.firstIndex(of: true).map { Self.known[$0] }
    }

    /// - Throws: ``UsageError`` for what is too long for a message.
    func options(place: String) throws -> CLIOptions {
        let options = CLIOptions(
            fallbackModel: fallbackModel ?? "", effort: effort ?? "", systemPrompt: systemPrompt ?? "",
            appendSystemPrompt: appendSystemPrompt ?? "", tools: tools ?? [], mcpConfigJSON: mcpConfigJSON ?? "",
            settingsJSON: settingsJSON ?? "", agentsJSON: agentsJSON ?? "", directories: directories ?? [])
        if let objection = options.sizeObjection { throw UsageError(at: place, objection) }
        return options
    }
}

extension Field {
    /// One model, or several in the order in which they are tried.
    func modelList() throws -> String {
        let models = try tools()
        guard !models.isEmpty, models.allSatisfy({ !$0.contains(",") }) else { throw wrong("must name a model") }
        return models.joined(separator: ",")
    }

    func effort() throws -> String {
        let effort = try text()
        guard CLIOptions.efforts.contains(effort) else {
            throw wrong("must be one of \(CLIOptions.efforts.joined(separator: ", "))")
        }
        return effort
    }

    /// Text that is not blank.
    func cliText() throws -> String {
        let text = try text()
        guard text.utf8.contains(where: { $0 > 0x20 }) else { throw wrong("is empty") }
        return text
    }

    /// Names of built-in tools; `none` (or an empty list) for no tool at all, `default` for the usual ones.
    func builtInTools() throws -> [String] {
        let names = try tools()
        if names.isEmpty { return [CLIOptions.noTools] }
        guard names.count == 1 || !names.contains(where: { $0 == CLIOptions.noTools || $0 == "default" }) else {
            throw wrong("can be none or default alone, else names of tools")
        }
        return names
    }

    /// Absolute paths, or one.
    func directories() throws -> [String] {
        let rule = "must be absolute paths: they are folders on the agent's host"
        let values: [FieldValue] = if case .list(let values) = value { values } else { [value] }
        return try values.map { value in
            guard case .string(let path) = value, path.hasPrefix("/") else { throw wrong(rule) }
            return path
        }
    }
}
