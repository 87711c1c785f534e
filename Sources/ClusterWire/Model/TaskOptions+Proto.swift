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
        guard proto.needs.count <= Limits.labelRules, proto.avoids.count <= Limits.labelRules else {
            throw WireError("a task names at most \(Limits.labelRules) labels that it needs and as many that it avoids")
        }
        guard let expiresAfter = Int64(exactly: proto.expiresAfterMs), expiresAfter <= 366 * 86_400_000 else {
            throw WireError("an expiry of \(proto.expiresAfterMs) ms is over a year")
        }
        let commandBytes = (proto.command + proto.environment).reduce(0) { $0 + $1.utf8.count + 1 }
        guard commandBytes <= Limits.commandBytes else {
            throw WireError(
                "a command with its environment of \(commandBytes) bytes is over the limit of \(Limits.commandBytes)")
        }
        self.init(
            priority: priority, runner: proto.runner, model: proto.model, permissionMode: proto.permissionMode,
            allowedTools: proto.allowedTools, disallowedTools: proto.disallowedTools, directory: proto.directory,
            timeout: Milliseconds(timeout), maxTurns: proto.maxTurns, budgetMicroUSD: proto.budgetMicrousd,
            schemaJSON: proto.schemaJson, maxAttempts: proto.maxAttempts, needs: try Self.rules(proto.needs),
            avoids: try Self.rules(proto.avoids), expiresAfter: Milliseconds(expiresAfter),
            onLost: proto.holdWhenLost ? .hold : .rerun, onError: proto.skipOnError ? .skip : .hold,
            command: proto.command, promptOnStandardInput: proto.promptOnStdin, environment: proto.environment,
            outputBytes: proto.outputBytes, cli: proto.hasCli ? try CLIOptions(proto: proto.cli) : CLIOptions(),
            workspace: proto.hasWorkspace ? try Workspace(proto: proto.workspace) : nil)
    }

    private static func rules(_ texts: [String]) throws(WireError) -> [LabelRule] {
        var rules: [LabelRule] = []
        for text in texts {
            guard text.utf8.count <= Limits.nameBytes, let rule = LabelRule(text) else {
                throw WireError("\"\(text.prefix(64))\" is no label: write key or key=value")
            }
            rules.append(rule)
        }
        return rules
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
        message.needs = needs.map(\.description)
        message.avoids = avoids.map(\.description)
        message.expiresAfterMs = UInt64(max(0, expiresAfter.rawValue))
        message.holdWhenLost = onLost == .hold
        message.skipOnError = onError == .skip
        message.command = command
        message.promptOnStdin = promptOnStandardInput
        message.environment = environment
        message.outputBytes = outputBytes
        if !cli.isEmpty { message.cli = cli.proto }
        if let workspace { message.workspace = workspace.proto }
        return message
    }
}
