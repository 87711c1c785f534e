import ClusterModel

/// What can be said about a task, each thing only where it was said: lines lie over flags, flags over a file's defaults.
struct TaskFields: Equatable, Sendable {
    var prompt: String?
    var name: String?
    var priority: Priority?
    var model: String?
    var permissionMode: String?
    var allowedTools: [String]?
    var disallowedTools: [String]?
    var directory: String?
    var timeout: Milliseconds?
    var maxTurns: UInt32?
    var budgetMicroUSD: UInt64?
    var schemaJSON: String?
    var maxAttempts: UInt32?

    static let known = [
        "prompt", "name", "priority", "model", "timeout", "schema", "max_turns", "budget_usd", "runner",
        "permission_mode", "allowed_tools", "disallowed_tools", "directory", "max_attempts",
    ]
    /// Words of the command line that this version does not carry out.
    static let notBuilt: Set<String> = ["context", "after", "labels", "needs", "workspace", "command", "env"]
    static let runners: Set<String> = ["claude"]
    /// Names of tools of one task, together.
    static let toolBytes = 64 * 1024

    init() {}

    /// - Throws: ``UsageError`` for a field that is unknown, not built, given twice, or of the wrong kind.
    init(_ fields: [Field]) throws {
        for field in fields { try set(field) }
    }

    /// Takes one field; a null says nothing.
    mutating func set(_ field: Field) throws {
        try Self.checkName(field)
        if case .null = field.value { return }
        switch field.key {
        case "prompt": prompt = try field.text()
        case "name": name = try field.name()
        case "priority": priority = try field.priority()
        case "model": model = try field.name()
        case "timeout": timeout = try field.duration()
        case "schema": schemaJSON = try field.schema()
        case "max_turns": maxTurns = try field.count()
        case "budget_usd": budgetMicroUSD = try field.microUSD()
        case "permission_mode": permissionMode = try field.permissionMode()
        case "allowed_tools": allowedTools = try field.tools()
        case "disallowed_tools": disallowedTools = try field.tools()
        case "directory": directory = try field.directory()
        case "max_attempts": maxAttempts = try field.count()
        case "runner":
            let runner = try field.text()
            guard Self.runners.contains(runner) else {
                throw UsageError(at: field.place, "the runner \"\(runner)\" is not built: \"claude\" is the only one")
            }
        default: preconditionFailure("checkName let an unknown field pass: \(field.key)")
        }
    }

    private static func checkName(_ field: Field) throws {
        if notBuilt.contains(field.key) {
            throw UsageError(at: field.place, "\"\(field.key)\" is not built yet: take it out")
        }
        guard known.contains(field.key) else {
            throw UsageError(
                at: field.place, "unknown field \"\(field.key)\"; known are \(known.joined(separator: ", "))")
        }
    }

    /// These, and where they say nothing, `base`.
    func over(_ base: TaskFields) -> TaskFields {
        var merged = self
        merged.prompt = prompt ?? base.prompt
        merged.name = name ?? base.name
        merged.priority = priority ?? base.priority
        merged.model = model ?? base.model
        merged.permissionMode = permissionMode ?? base.permissionMode
        merged.allowedTools = allowedTools ?? base.allowedTools
        merged.disallowedTools = disallowedTools ?? base.disallowedTools
        merged.directory = directory ?? base.directory
        merged.timeout = timeout ?? base.timeout
        merged.maxTurns = maxTurns ?? base.maxTurns
        merged.budgetMicroUSD = budgetMicroUSD ?? base.budgetMicroUSD
        merged.schemaJSON = schemaJSON ?? base.schemaJSON
        merged.maxAttempts = maxAttempts ?? base.maxAttempts
        return merged
    }

    /// The row of options that these fields mean.
    /// - Throws: ``UsageError`` if the names of tools are too many for a message.
    func options(place: String) throws -> TaskOptions {
        let tools = (allowedTools ?? []) + (disallowedTools ?? [])
        let bytes = tools.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= Self.toolBytes else {
            throw UsageError(at: place, "the names of tools take \(bytes) bytes, the limit is \(Self.toolBytes)")
        }
        return TaskOptions(
            priority: priority ?? .normal, model: model ?? "", permissionMode: permissionMode ?? "",
            allowedTools: allowedTools ?? [], disallowedTools: disallowedTools ?? [], directory: directory ?? "",
            timeout: timeout ?? 0, maxTurns: maxTurns ?? 0, budgetMicroUSD: budgetMicroUSD ?? 0,
            schemaJSON: schemaJSON ?? "", maxAttempts: maxAttempts ?? 0)
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
