import ArgumentParser
import ClusterModel

/// What is said of a job as a whole, and of where and when its tasks may run.
struct JobOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A label that the agent must have: gpu or gpu=a100; repeat it.", valueName: "label"))
    var needs: [String] = []

    @Option(help: ArgumentHelp("A label that the agent must not have; repeat it.", valueName: "label"))
    var avoids: [String] = []

    @Option(help: "How tasks are spread: round-robin, least-loaded, context-aware, priority or hybrid.")
    var distribution: String?

    @Flag(help: "Fill one agent before the next.")
    var pack = false

    @Option(
        help: ArgumentHelp("The share beside other jobs of the same priority, 1 to 1000; usual is 10.", valueName: "n"))
    var weight: String?

    @Option(help: ArgumentHelp("Tasks that run at once, at the most.", valueName: "n"))
    var maxParallel: String?

    @Option(
        help: ArgumentHelp(
            "When what has not ended expires: 2026-01-31T18:00:00Z, or a length from now such as 2h.", valueName: "when"
        ))
    var deadline: String?

    @Option(
        help: ArgumentHelp("A task that has not started so long after it was submitted expires.", valueName: "time"))
    var expiresAfter: String?

    @Option(help: ArgumentHelp("rerun or hold a task whose agent was lost while it ran.", valueName: "what"))
    var onLost: String?

    @Flag(help: "Start nothing until the job is resumed.")
    var paused = false

    @Option(help: ArgumentHelp("skip or continue with tasks that wait for one that failed.", valueName: "what"))
    var onFailure: String?

    @Flag(help: "Skip what has not started after the first failure.")
    var failFast = false

    @Option(help: ArgumentHelp("Skip what has not started after more failures than this.", valueName: "n"))
    var maxFailures: String?

    @Option(help: ArgumentHelp("Dollars for all tasks of the job together.", valueName: "usd"))
    var budgetUsd: String?

    @Option(help: ArgumentHelp("Tokens for all tasks of the job together, such as 500k or 2M.", valueName: "n"))
    var budgetTokens: String?

    @Option(
        help: ArgumentHelp(
            "hold or stop when a budget is used up: what has not started waits, or is skipped.", valueName: "what"))
    var onBudget: String?

    @Option(help: ArgumentHelp("Wait until that job has succeeded, or ended as 12:end; repeat it.", valueName: "job"))
    var after: [String] = []

    /// - Throws: ``UsageError`` that names the flag.
    func fields(now: WallTime) throws -> JobFields {
        var fields = JobFields()
        func take(_ key: String, _ flag: String, _ value: FieldValue?) throws {
            if let value { try fields.set(Field(key: key, value: value, place: flag), now: now) }
        }
        try take("distribution", "--distribution", distribution.map(FieldValue.string))
        try take("pack", "--pack", pack ? .bool(true) : nil)
        try take("weight", "--weight", weight.map(FieldValue.number))
        try take("max_parallel", "--max-parallel", maxParallel.map(FieldValue.number))
        try take("deadline", "--deadline", deadline.map(FieldValue.string))
        try take("paused", "--paused", paused ? .bool(true) : nil)
        try take("on_failure", "--on-failure", onFailure.map(FieldValue.string))
        try take("fail_fast", "--fail-fast", failFast ? .bool(true) : nil)
        try take("max_failures", "--max-failures", maxFailures.map(FieldValue.number))
        try take("budget_usd", "--budget-usd", budgetUsd.map(FieldValue.amount))
        try take("budget_tokens", "--budget-tokens", budgetTokens.map(FieldValue.number))
        try take("on_budget", "--on-budget", onBudget.map(FieldValue.string))
        try take("after", "--after", FieldValue.texts(after))
        return fields
    }

    /// What these flags say of every task.
    func taskFields() -> [Field] {
        [
            ("needs", "--needs", FieldValue.texts(needs)), ("avoids", "--avoids", FieldValue.texts(avoids)),
            ("expires_after", "--expires-after", expiresAfter.map(FieldValue.string)),
            ("on_lost", "--on-lost", onLost.map(FieldValue.string)),
        ].compactMap { key, flag, value in value.map { Field(key: key, value: $0, place: flag) } }
    }
}

/// What executes the tasks, and how a command is run.
struct ExecOptions: ParsableArguments {
    @Option(help: "claude (the default), or exec: a command on an agent that allows it.")
    var runner: String?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "With --runner exec, behind --: program and arguments; {line} in them stands for the task's prompt.",
            valueName: "command"))
    var command: [String] = []

    @Flag(help: "With --runner exec: the prompt goes to the command's standard input.")
    var stdin = false

    @Option(
        help: ArgumentHelp(
            "A variable of the command's or the instance's environment; repeat it.", valueName: "key=value"))
    var env: [String] = []

    @Option(help: ArgumentHelp("With --runner exec: bytes of output that are kept, at the most.", valueName: "n"))
    var outputBytes: String?

    /// What these flags say of every task.
    func fields() -> [Field] {
        [
            ("runner", "--runner", runner.map(FieldValue.string)), ("command", "--", FieldValue.texts(command)),
            ("stdin", "--stdin", stdin ? FieldValue.bool(true) : nil), ("env", "--env", FieldValue.texts(env)),
            ("output_bytes", "--output-bytes", outputBytes.map(FieldValue.number)),
        ].compactMap { key, flag, value in value.map { Field(key: key, value: $0, place: flag) } }
    }
}

extension FieldValue {
    /// A flag's text that should be a whole number.
    static func number(_ text: String) -> FieldValue { Int64(text).map(FieldValue.integer) ?? .string(text) }

    /// A flag's text that should be an amount of dollars.
    static func amount(_ text: String) -> FieldValue { Double(text).map(FieldValue.double) ?? .string(text) }

    /// A repeated flag's texts; nil if it was not given.
    static func texts(_ texts: [String]) -> FieldValue? { texts.isEmpty ? nil : .list(texts.map(FieldValue.string)) }
}
