import ClusterModel

/// ``CLIOptions`` as they rest in the store; what is at its default is left out.
struct StoredCLIOptions: Codable {
    var fallbackModel: String?
    var effort: String?
    var systemPrompt: String?
    var appendSystemPrompt: String?
    var tools: [String]?
    var mcpConfig: String?
    var settings: String?
    var agents: String?
    var directories: [String]?

    init(_ options: CLIOptions) {
        func present<C: Collection>(_ value: C) -> C? { value.isEmpty ? nil : value }
        fallbackModel = present(options.fallbackModel)
        effort = present(options.effort)
        systemPrompt = present(options.systemPrompt)
        appendSystemPrompt = present(options.appendSystemPrompt)
        tools = present(options.tools)
        mcpConfig = present(options.mcpConfigJSON)
        settings = present(options.settingsJSON)
        agents = present(options.agentsJSON)
        directories = present(options.directories)
    }

    var options: CLIOptions {
        CLIOptions(
            fallbackModel: fallbackModel ?? "", effort: effort ?? "", systemPrompt: systemPrompt ?? "",
            appendSystemPrompt: appendSystemPrompt ?? "", tools: tools ?? [], mcpConfigJSON: mcpConfig ?? "",
            settingsJSON: settings ?? "", agentsJSON: agents ?? "", directories: directories ?? [])
    }
}
