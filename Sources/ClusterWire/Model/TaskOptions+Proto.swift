import ClusterModel

extension TaskOptions {
    /// Reads options; throws for a priority outside 0…9 or a schema over its limit.
    public init(proto: Ccorchestrator_V1_TaskOptions) throws(WireError) {
        guard let priority = Priority(rawValue: Int(proto.priority)) else {
            throw WireError("priority \(proto.priority) is not within 0 to 9")
        }
        guard proto.schemaJson.utf8.count <= Limits.schemaBytes else {
            throw WireError(
                "a schema of \(proto.schemaJson.utf8.count) bytes is over the limit of \(Limits.schemaBytes)")
        }
        guard let timeout = Int64(exactly: proto.timeoutMs), timeout <= 366 * 86_400_000 else {
            throw WireError("a timeout of \(proto.timeoutMs) ms is over a year")
        }
        self.init(
            priority: priority, runner: proto.runner, model: proto.model, permissionMode: proto.permissionMode,
            allowedTools: proto.allowedTools, disallowedTools: proto.disallowedTools, directory: proto.directory,
            timeout: Milliseconds(timeout), maxTurns: proto.maxTurns, budgetMicroUSD: proto.budgetMicrousd,
            schemaJSON: proto.schemaJson, maxAttempts: proto.maxAttempts)
    }

    /// As they travel.
    public var proto: Ccorchestrator_V1_TaskOptions {
        var message = Ccorchestrator_V1_TaskOptions()
        message.priority = UInt32(priority.rawValue)
        message.runner = runner
        message.model = model
        message.permissionMode = permissionMode
        message.allowedTools = allowedTools
        message.disallowedTools = disallowedTools
        message.directory = directory
        message.timeoutMs = UInt64(max(0, timeout.rawValue))
        message.maxTurns = maxTurns
        message.budgetMicrousd = budgetMicroUSD
        message.schemaJson = schemaJSON
        message.maxAttempts = maxAttempts
        return message
    }
}
