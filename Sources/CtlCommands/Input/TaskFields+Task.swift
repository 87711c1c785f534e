import ClusterModel

extension TaskFields {
    /// What executes tasks; `noop` only where an agent of a benchmark offers it.
    static let runners = ["claude", "exec", "noop"]
    /// Names of tools of one task, together.
    static let toolBytes = 64 * 1024

    private var runnerName: String { runner ?? "claude" }

    /// The task that these fields mean, its links left out.
    /// - Parameter row: Its row in the job's table of options.
    /// - Throws: ``UsageError`` for a prompt that is missing, empty or too long.
    func task(row: UInt32, place: String) throws -> TaskSpec {
        // A command that needs no line is a prompt of its own: no prompt may be empty.
        let own = runnerName == "exec" ? command?.joined(separator: " ") : nil
        guard let prompt = prompt ?? own else { throw UsageError(at: place, "there is no \"prompt\"") }
        try Self.checkPrompt(prompt, place: place)
        if fork != nil {
            guard let context else {
                throw UsageError(at: place, "\"fork\" needs a \"context\" of the task's own, which begins as a copy")
            }
            guard context != fork else { throw UsageError(at: place, "a context can't fork itself") }
        }
        return TaskSpec(
            prompt: .text(prompt), name: name ?? "", options: row, context: context ?? "", fork: fork ?? "")
    }

    /// The row of options that these fields mean.
    /// - Throws: ``UsageError`` for fields that don't go together, and for what is too long for a message.
    func options(place: String) throws -> TaskOptions {
        try checkRunner(place)
        let tools = (allowedTools ?? []) + (disallowedTools ?? [])
        let bytes = tools.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= Self.toolBytes else {
            throw UsageError(at: place, "the names of tools take \(bytes) bytes, the limit is \(Self.toolBytes)")
        }
        let commandBytes = ((command ?? []) + (environment ?? [])).reduce(0) { $0 + $1.utf8.count + 1 }
        guard commandBytes <= Limits.commandBytes else {
            throw UsageError(
                at: place,
                "the command and its environment take \(commandBytes) bytes, the limit is \(Limits.commandBytes)"
            )
        }
        let workspace = try workspace?.workspace(place: place)
        guard workspace == nil || directory == nil else {
            throw UsageError(at: place, "a task works in a \"directory\" or in a \"workspace\", not in both")
        }
        return TaskOptions(
            priority: priority ?? .normal, runner: runnerName, model: model ?? "",
            permissionMode: permissionMode ?? "", allowedTools: allowedTools ?? [],
            disallowedTools: disallowedTools ?? [], directory: directory ?? "", timeout: timeout ?? 0,
            maxTurns: maxTurns ?? 0, budgetMicroUSD: budgetMicroUSD ?? 0, schemaJSON: schemaJSON ?? "",
            maxAttempts: maxAttempts ?? 0, needs: needs ?? [], avoids: avoids ?? [], expiresAfter: expiresAfter ?? 0,
            onLost: onLost ?? .rerun, onError: onError ?? .hold, command: command ?? [],
            promptOnStandardInput: takesStandardInput ?? false, environment: environment ?? [],
            outputBytes: outputBytes ?? 0, cli: try cli.options(place: place), workspace: workspace)
    }

    /// What one runner would not look at is a mistake of whoever wrote it.
    private func checkRunner(_ place: String) throws {
        let runner = runnerName
        let exec: [(String, Bool)] = [
            ("command", command != nil), ("stdin", takesStandardInput == true), ("output_bytes", outputBytes != nil),
            ("env", environment != nil && runner != "claude"),
        ]
        let claude: [(String, Bool)] = [
            ("model", model != nil), ("permission_mode", permissionMode != nil), ("allowed_tools", allowedTools != nil),
            ("disallowed_tools", disallowedTools != nil), ("schema", schemaJSON != nil), ("max_turns", maxTurns != nil),
            ("budget_usd", budgetMicroUSD != nil), (cli.firstSaid ?? "", cli.firstSaid != nil),
        ]
        if runner != "exec", let (key, _) = exec.first(where: \.1) {
            throw UsageError(at: place, "\"\(key)\" is for the runner exec, and this task's runner is \(runner)")
        }
        if runner == "exec", let (key, _) = claude.first(where: \.1) {
            throw UsageError(at: place, "\"\(key)\" is for the runner claude, and this task's runner is exec")
        }
        if runner == "exec" && command == nil {
            throw UsageError(
                at: place,
                "the runner exec needs a command: behind -- on the command line, or as \"command\" in a file")
        }
    }

    /// - Throws: ``UsageError`` if it is empty or over ``Limits/promptBytes``.
    static func checkPrompt(_ prompt: String, place: String) throws {
        guard prompt.utf8.contains(where: { $0 > 0x20 }) else { throw UsageError(at: place, "the prompt is empty") }
        guard prompt.utf8.count <= Limits.promptBytes else {
            throw UsageError(
                at: place, "the prompt is \(prompt.utf8.count) bytes, the limit is \(Limits.promptBytes)")
        }
    }
}
