import ClusterModel
import Testing

@testable import CtlCommands

/// Every bad input gets its sentence, word for word, and exit code 2.
@Suite struct BadInputTests {
    @Test(arguments: [
        (["submit"], "nothing to submit: give a PROMPT, --each-line FILE, --from-json FILE or --file job.yaml"),
        (["submit", "a", "--file", "b"], "PROMPT and --file contradict each other: give one"),
        (["submit", "a", "--prompt", "b"], "--prompt goes with --each-line, not with PROMPT"),
        (
            ["submit", "--prompt", "b"],
            "--prompt is a template for --each-line FILE: a single prompt stands by itself, without a flag"
        ),
        (["submit", ""], "PROMPT: the prompt is empty"),
        (["submit", " \n "], "PROMPT: the prompt is empty"),
        (["submit", "a", "--priority", "10"], "--priority must be 0 to 9 or critical, high, normal, low, bulk"),
        (
            ["submit", "a", "--timeout", "soon"],
            "--timeout must be a time above zero: seconds as a number, or like \"30s\", \"10m\", \"2h\""
        ),
        (["submit", "a", "--max-turns", "0"], "--max-turns must be a whole number from 1"),
        (["submit", "a", "--budget-usd", "-"], "--budget-usd must be an amount of dollars above zero"),
        (
            ["submit", "a", "--permission-mode", "yolo"],
            "--permission-mode must be one of acceptEdits, auto, bypassPermissions, default, dontAsk, manual, plan"
        ),
        (
            ["submit", "a", "--directory", "here"],
            "--directory must be an absolute path: it is a folder on the agent's host"
        ),
        (["submit", "--from-json", "/nowhere/x"], "cannot read /nowhere/x: there is no such file"),
        (["submit", "a", "--name", String(repeating: "n", count: 257)], "--name is 257 bytes, the limit is 256"),
    ])
    func flags(_ arguments: [String], _ sentence: String) throws {
        let command = try #require(CtlMain.parse(arguments) as? Submit)
        let told = refusal { _ = try command.options.submission() }
        #expect(told == sentence)
    }

    @Test(arguments: [
        (["submit", "a", "--zzzzzzzz"], "Unknown option '--zzzzzzzz' (see ccctl submit --help)"),
        (["frobnicate"], "Unexpected argument 'frobnicate' (see ccctl --help)"),
        (["wait"], "Missing expected argument '<job>' (see ccctl wait --help)"),
        (["jobs", "--limit", "0"], "--limit must be 1 to 100000 (see ccctl jobs --help)"),
    ])
    func theParser(_ arguments: [String], _ sentence: String) {
        #expect(refusal { _ = try CtlMain.parse(arguments) } == sentence)
        #expect(ExitStatus.of(UsageError(sentence)) == .usage)
    }

    @Test(arguments: [
        ("{\"prompt\": \"a\"}\n{\"promt\": \"b\"}", "tasks.jsonl, line 2: unknown field \"promt\"; known are \(known)"),
        ("\n{\"prompt\": \"a\", \"labels\": \"k\"}", "tasks.jsonl, line 2: \"labels\" is not built yet: take it out"),
        (
            "\n{\"prompt\": \"a\", \"fork\": \"k\"}",
            "tasks.jsonl, line 2: \"fork\" needs a \"context\" of the task's own, which begins as a copy"
        ),
        (
            "{\"prompt\": \"a\", \"fork\": \"k\", \"context\": \"k\"}",
            "tasks.jsonl, line 1: a context can't fork itself"
        ),
        (
            "{\"prompt\": \"a\", \"runner\": \"exec\"}",
            "tasks.jsonl, line 1: the runner exec needs a command: behind -- on the command line, or as \"command\" in a file"
        ),
        ("{\"name\": \"a\"}", "tasks.jsonl, line 1: there is no \"prompt\""),
        ("{\"prompt\": 7}", "tasks.jsonl, line 1: \"prompt\" must be text"),
        ("{\"prompt\": \"\"}", "tasks.jsonl, line 1: the prompt is empty"),
        (
            "{\"prompt\": \"a\", \"timeout\": 0}",
            "tasks.jsonl, line 1: \"timeout\" must be a time above zero: seconds as a number, or like \"30s\", \"10m\", \"2h\""
        ),
        ("{\"prompt\": \"a\", \"max_turns\": 1.5}", "tasks.jsonl, line 1: \"max_turns\" must be a whole number from 1"),
        ("{\"prompt\": \"a\", \"schema\": \"x\"}", "tasks.jsonl, line 1: \"schema\" must be an object (a JSON Schema)"),
        ("[\"a\"]", "tasks.jsonl, line 1: must be an object like {\"prompt\": \"…\"}"),
        ("\n\n", "tasks.jsonl holds no task"),
    ])
    func jsonLines(_ content: String, _ sentence: String) {
        let file = LineFile(title: "tasks.jsonl", bytes: Array(content.utf8))
        #expect(refusal { _ = try JSONLines.read(file, spec: JobSpec(), flags: TaskFields()) } == sentence)
    }

    @Test func malformedJSONIsToldWithItsLineAndPlace() {
        let file = LineFile(title: "tasks.jsonl", bytes: Array("{\"prompt\": \"a\"}\n{\"prompt\": nope}".utf8))
        let sentence = refusal { _ = try JSONLines.read(file, spec: JobSpec(), flags: TaskFields()) }
        #expect(sentence == "tasks.jsonl, line 2: not JSON: invalid value near character 13")
    }

    @Test func aLineThatIsNotUTF8IsToldByItsNumber() {
        let file = LineFile(title: "docs.txt", bytes: Array("one\n\n".utf8) + [0x61, 0xFF, 0x0A])
        #expect(
            refusal { _ = try TemplateTasks(file: file, template: "{line}") }
                == "docs.txt, line 3: this line is not UTF-8")
        let told = refusal { _ = try JSONLines.read(file, spec: JobSpec(), flags: TaskFields()) }
        #expect(told == "docs.txt, line 1: not JSON: invalid value near character 1")
    }

    @Test func aLineThatMakesTooLongAPromptIsToldByItsNumber() {
        let long = String(repeating: "x", count: Limits.promptBytes)
        let file = LineFile(title: "docs.txt", bytes: Array("one\n\(long)".utf8))
        #expect(
            refusal { _ = try TemplateTasks(file: file, template: "Read {line}") }
                == "docs.txt, line 2: the prompt is 8388613 bytes, the limit is 8388608")
    }

    @Test func aTemplateWithoutItsPlaceIsRefused() {
        let file = LineFile(title: "docs.txt", bytes: Array("one".utf8))
        #expect(
            refusal { _ = try TemplateTasks(file: file, template: "Read it") }
                == "--prompt must contain {line}, where each line of docs.txt goes")
        let empty = LineFile(title: "docs.txt", bytes: Array(" \r\n\n".utf8))
        #expect(refusal { _ = try TemplateTasks(file: empty, template: "{line}") } == "docs.txt holds no line")
    }

    @Test(arguments: [
        ("tasks:\n  - prompt: a\n    promt: b", "job.yaml, line 3: unknown field \"promt\"; known are \(known)"),
        ("tasks:\n  - prompt: a\n    labels: {x: y}", "job.yaml, line 3: \"labels\" is not built yet: take it out"),
        ("tasks:\n  - {prompt: ''}", "job.yaml, line 2: the prompt is empty"),
        ("tasks: a", "job.yaml, line 1: \"tasks\" must be a list"),
        (
            "priority: urgent\ntasks: [a]",
            "job.yaml, line 1: \"priority\" must be 0 to 9 or critical, high, normal, low, bulk"
        ),
        ("name: x", "job.yaml: has neither \"tasks\" nor \"each_line\""),
        ("tasks: [a]\neach_line: x", "job.yaml: has both \"tasks\" and \"each_line\": give one"),
        ("- a", "job.yaml, line 1: a job file must be a mapping with \"tasks\" or \"each_line\""),
        ("", "job.yaml is empty"),
    ])
    func jobFiles(_ content: String, _ sentence: String) {
        let told = refusal {
            _ = try JobFile(path: "job.yaml", bytes: Array(content.utf8)).submission(name: nil, flags: TaskFields())
        }
        #expect(told == sentence)
    }

    @Test func malformedYAMLIsToldWithItsLine() {
        let told = refusal { _ = try JobFile(path: "job.yaml", bytes: Array("name: x\ntasks: [a".utf8)) }
        #expect(told.hasPrefix("job.yaml, line "))
        #expect(told.contains("not YAML: "))
    }

}

private let known = TaskFields.known.joined(separator: ", ")
