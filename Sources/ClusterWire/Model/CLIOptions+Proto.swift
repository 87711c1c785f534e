import ClusterModel

extension CLIOptions {
    /// Reads them; throws for one that is over its limit.
    public init(proto: Ccorchestrator_V1_CLIOptions) throws(WireError) {
        self.init(
            fallbackModel: proto.fallbackModel, effort: proto.effort, systemPrompt: proto.systemPrompt,
            appendSystemPrompt: proto.appendSystemPrompt, tools: proto.tools, mcpConfigJSON: proto.mcpConfigJson,
            settingsJSON: proto.settingsJson, agentsJSON: proto.agentsJson, directories: proto.directories)
        if let objection = sizeObjection { throw WireError(objection) }
    }

    /// As they travel.
    public var proto: Ccorchestrator_V1_CLIOptions {
        var message = Ccorchestrator_V1_CLIOptions()
        message.fallbackModel = fallbackModel
        message.effort = effort
        message.systemPrompt = systemPrompt
        message.appendSystemPrompt = appendSystemPrompt
        message.tools = tools
        message.mcpConfigJson = mcpConfigJSON
        message.settingsJson = settingsJSON
        message.agentsJson = agentsJSON
        message.directories = directories
        return message
    }
}
