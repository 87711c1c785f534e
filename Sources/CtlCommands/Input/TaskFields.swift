import ClusterModel

/// What can be said about a task, each thing only where it was said: lines lie over flags, flags over a file's defaults.
struct TaskFields: Equatable, Sendable {
    var prompt: String?
    var name: String?
    var priority: Priority?
    var runner: String?
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
    var command: [String]?
    var environment: [String]?
    var takesStandardInput: Bool?
    var outputBytes: UInt32?
    var needs: [LabelRule]?
    var avoids: [LabelRule]?
    var expiresAfter: Milliseconds?
    var onLost: OnLost?
    var onError: OnError?
    var workspace: WorkspaceFields?
    var context: String?
    var fork: String?
    var after: [NamedLink]?
    var cli = CLIFields()

    static let known =
        [
            "prompt", "name", "priority", "model", "timeout", "schema", "max_turns", "budget_usd", "runner",
            "permission_mode", "allowed_tools", "disallowed_tools", "directory", "max_attempts", "command", "env",
            "stdin",
            "output_bytes", "needs", "avoids", "expires_after", "on_lost", "on_error", "context", "fork",
            "after", "workspace",
        ] + CLIFields.known
    /// Words of the command line that this version does not carry out.
    static let notBuilt: Set<String> = ["labels"]

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
        case "runner": runner = try field.runner()
        case "command": command = try field.command()
        case "env": environment = try field.environment()
        case "stdin": takesStandardInput = try field.flag()
        case "output_bytes": outputBytes = try field.count()
        case "needs": needs = try field.labels()
        case "avoids": avoids = try field.labels()
        case "expires_after": expiresAfter = try field.duration()
        case "on_lost": onLost = try field.choice()
        case "on_error": onError = try field.choice()
        case "workspace": workspace = try WorkspaceFields(field)
        case "context": context = try field.context()
        case "fork": fork = try field.context()
        case "after": after = try field.taskLinks()
        case let key where CLIFields.known.contains(key): try cli.set(field)
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
        func fill<Value>(_ path: WritableKeyPath<TaskFields, Value?>) {
            if merged[keyPath: path] == nil { merged[keyPath: path] = base[keyPath: path] }
        }
        fill(\.prompt)
        fill(\.name)
        fill(\.priority)
        fill(\.runner)
        fill(\.model)
        fill(\.permissionMode)
        fill(\.allowedTools)
        fill(\.disallowedTools)
        fill(\.directory)
        fill(\.timeout)
        fill(\.maxTurns)
        fill(\.budgetMicroUSD)
        fill(\.schemaJSON)
        fill(\.maxAttempts)
        fill(\.command)
        fill(\.environment)
        fill(\.takesStandardInput)
        fill(\.outputBytes)
        fill(\.needs)
        fill(\.avoids)
        fill(\.expiresAfter)
        fill(\.onLost)
        fill(\.onError)
        if let below = base.workspace { merged.workspace = merged.workspace?.over(below) ?? below }
        fill(\.context)
        fill(\.fork)
        fill(\.after)
        merged.cli = cli.over(base.cli)
        return merged
    }
}
