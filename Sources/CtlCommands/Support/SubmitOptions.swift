import ArgumentParser
import ClusterModel

/// Where a job's tasks come from, and what is said of all of them: the flags of `submit` and `run`.
struct SubmitOptions: ParsableArguments {
    @Argument(help: "A prompt, or - to read one from standard input.")
    var promptText: String?

    @Option(
        help: ArgumentHelp("A task for each line of FILE that is not blank (- is standard input).", valueName: "file"))
    var eachLine: String?

    @Option(
        help: ArgumentHelp("With --each-line: the prompt, {line} in it standing for the line.", valueName: "template"))
    var prompt: String?

    @Option(help: ArgumentHelp("A task for each line of FILE, a JSON object with a \"prompt\".", valueName: "file"))
    var fromJson: String?

    @Option(help: ArgumentHelp("A job file, YAML or JSON.", valueName: "file"))
    var file: String?

    @Option(help: "critical, high, normal, low, bulk, or 0 to 9.")
    var priority: String?

    @Option(help: "The model.")
    var model: String?

    @Option(help: "The job's name.")
    var name: String?

    @Option(help: ArgumentHelp("What the CLI takes as --permission-mode.", valueName: "mode"))
    var permissionMode: String?

    @Option(help: ArgumentHelp("Tools that may be used; repeat it, or use commas.", valueName: "tools"))
    var allowedTools: [String] = []

    @Option(help: ArgumentHelp("Tools that may not be used; repeat it, or use commas.", valueName: "tools"))
    var disallowedTools: [String] = []

    @Option(help: ArgumentHelp("An absolute path on the agent's host to work in.", valueName: "dir"))
    var directory: String?

    @Option(
        name: .customLong("timeout"),
        help: ArgumentHelp("How long a task may take: seconds, or 30s, 10m, 2h.", valueName: "time"))
    var taskTimeout: String?

    @Option(help: ArgumentHelp("Turns of a task, at the most.", valueName: "n"))
    var maxTurns: String?

    @Option(help: ArgumentHelp("Dollars for a task, at the most.", valueName: "usd"))
    var taskBudgetUsd: String?

    @Option(help: ArgumentHelp("A JSON Schema that every answer must meet.", valueName: "file"))
    var schema: String?

    @Option(help: ArgumentHelp("Attempts that may fail before a task does.", valueName: "n"))
    var maxAttempts: String?

    @OptionGroup(title: "Claude Code")
    var cli: CLIFlags

    @OptionGroup(title: "Worktrees")
    var workspace: WorkspaceOptions

    @OptionGroup(title: "Where and when")
    var job: JobOptions

    @OptionGroup(title: "Commands")
    var exec: ExecOptions

    /// Whether any source of tasks was given.
    var hasSource: Bool { hasTasks || prompt != nil || !exec.command.isEmpty }

    private var hasTasks: Bool { promptText != nil || eachLine != nil || fromJson != nil || file != nil }

    /// Reads and checks everything.
    /// - Parameter onBudget: what becomes of a job whose budget is used up, where nothing is said.
    /// - Throws: ``UsageError`` with the place.
    func submission(now: WallTime = .now(), usual onBudget: OnBudget = .hold) throws -> Submission {
        try checkSources()
        let fields = try fields()
        let jobName = try name.map { try Field(key: "--name", value: .string($0), place: "--name").name() }
        var jobFields = try job.fields(now: now)
        jobFields.usualOnBudget = onBudget
        if let path = file {
            return try JobFile(path: path, bytes: InputFile.read(path), now: now)
                .submission(name: jobName, flags: fields, job: jobFields)
        }
        let spec = try jobFields.spec(name: jobName ?? "")
        if let path = fromJson { return try JSONLines.read(LineFile(path: path), spec: spec, flags: fields) }
        if let path = eachLine {
            let options = try fields.options(place: "the flags")
            let tasks = try TemplateTasks(file: LineFile(path: path), template: prompt ?? TemplateTasks.placeholder)
            return Submission(spec: spec, options: [options], tasks: .lines(tasks))
        }
        return try onePrompt(fields, spec)
    }

    private func onePrompt(_ fields: TaskFields, _ spec: JobSpec) throws -> Submission {
        var place = promptText == nil ? "the command" : "PROMPT"
        var task = fields
        task.prompt = promptText
        if promptText == "-" {
            place = "standard input"
            guard let read = String(validating: try InputFile.read("-"), as: UTF8.self) else {
                throw UsageError("standard input is not UTF-8")
            }
            task.prompt = read
        }
        var builder = SubmissionBuilder(title: place)
        try builder.add(task, place: place)
        return try builder.finish(spec)
    }

    private func checkSources() throws {
        let given = [
            ("PROMPT", promptText != nil), ("--each-line", eachLine != nil), ("--from-json", fromJson != nil),
            ("--file", file != nil),
        ].filter(\.1).map(\.0)
        if given.isEmpty && (exec.command.isEmpty || prompt != nil) {
            throw prompt == nil
                ? UsageError("nothing to submit: give a PROMPT, --each-line FILE, --from-json FILE or --file job.yaml")
                : UsageError(
                    "--prompt is a template for --each-line FILE: a single prompt stands by itself, without a flag")
        }
        if given.count > 1 {
            throw UsageError("\(given.joined(separator: " and ")) contradict each other: give one")
        }
        if prompt != nil && eachLine == nil { throw UsageError("--prompt goes with --each-line, not with \(given[0])") }
    }

    /// What the flags say of every task.
    private func fields() throws -> TaskFields {
        var given: [Field] = []
        func take(_ key: String, _ flag: String, _ value: FieldValue?) {
            if let value { given.append(Field(key: key, value: value, place: flag)) }
        }
        take("priority", "--priority", priority.map(FieldValue.string))
        take("model", "--model", model.map(FieldValue.string))
        take("permission_mode", "--permission-mode", permissionMode.map(FieldValue.string))
        take("directory", "--directory", directory.map(FieldValue.string))
        take("timeout", "--timeout", taskTimeout.map(FieldValue.string))
        take("max_turns", "--max-turns", maxTurns.map { Int64($0).map(FieldValue.integer) ?? .string($0) })
        take("budget_usd", "--task-budget-usd", taskBudgetUsd.map(FieldValue.amount))
        take("max_attempts", "--max-attempts", maxAttempts.map { Int64($0).map(FieldValue.integer) ?? .string($0) })
        given += cli.fields() + job.taskFields() + exec.fields()
        var fields = try TaskFields(given)
        fields.workspace = workspace.fields
        if let schema { fields.schemaJSON = try Schema.read(path: schema) }
        if !allowedTools.isEmpty { fields.allowedTools = allowedTools.flatMap(ToolList.split) }
        if !disallowedTools.isEmpty { fields.disallowedTools = disallowedTools.flatMap(ToolList.split) }
        return fields
    }
}
