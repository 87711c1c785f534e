import ClusterModel
import Testing

@testable import CtlCommands

@Suite struct SubmissionTests {
    @Test func aPromptAloneIsOneTask() throws {
        let job = try submission("say hello", "--priority", "high", "--name", "greeting", "--timeout", "90")
        #expect(job.spec.name == "greeting")
        #expect(try all(job.tasks) == [TaskSpec(prompt: .text("say hello"))])
        #expect(job.options == [TaskOptions(priority: .high, timeout: .seconds(90))])
    }

    @Test func everyFlagReachesTheOptions() throws {
        let folder = try ScratchFolder()
        let schema = try folder.file("schema.json", "{\"type\": \"object\",\n \"required\": [\"a\"]}")
        let job = try submission(
            "p", "--priority", "0", "--model", "m", "--permission-mode", "acceptEdits", "--allowed-tools",
            "Read,Bash(git log, x)", "--allowed-tools", "Edit", "--disallowed-tools", "Web", "--directory", "/srv",
            "--timeout", "2m", "--max-turns", "3", "--task-budget-usd", "0.25", "--schema", schema, "--max-attempts",
            "4")
        let priority = try #require(Priority(rawValue: 0))
        #expect(
            job.options == [
                TaskOptions(
                    priority: priority, model: "m", permissionMode: "acceptEdits",
                    allowedTools: ["Read", "Bash(git log, x)", "Edit"], disallowedTools: ["Web"], directory: "/srv",
                    timeout: .seconds(120), maxTurns: 3, budgetMicroUSD: 250_000,
                    schemaJSON: "{\"required\":[\"a\"],\"type\":\"object\"}", maxAttempts: 4)
            ])
    }

    @Test func eachLineFillsTheTemplate() throws {
        let folder = try ScratchFolder()
        let file = try folder.file("docs.txt", "\u{FEFF}one\r\n\r\n  \ntwo three\nlast")
        let job = try submission("--each-line", file, "--prompt", "Read {line}, then {line}.")
        #expect(
            try all(job.tasks) == [
                TaskSpec(prompt: .text("Read one, then one."), input: "one"),
                TaskSpec(prompt: .text("Read two three, then two three."), input: "two three"),
                TaskSpec(prompt: .text("Read last, then last."), input: "last"),
            ])
        #expect(job.options.count == 1)
    }

    @Test func aLineTooLongToKeepTwiceIsFoundInItsPrompt() throws {
        let folder = try ScratchFolder()
        let line = String(repeating: "x", count: Limits.inputBytes + 1)
        let job = try submission("--each-line", try folder.file("docs.txt", line), "--prompt", "Read {line}")
        #expect(try all(job.tasks)[0] == TaskSpec(prompt: .text("Read \(line)"), input: ""))
    }

    @Test func jsonLinesShareRowsOfOptions() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "tasks.jsonl",
            """
            {"prompt": "a", "priority": "low", "timeout": "30s", "schema": {"type": "object", "default": [true, null, 0.5, "x"]}}
            {"prompt": "b", "priority": 3, "timeout": 30, "schema": {"default": [true, null, 0.5, "x"], "type": "object"}, "runner": "claude"}

            {"prompt": "c", "name": "third", "model": null, "max_turns": 2, "budget_usd": 1}
            """)
        let job = try submission("--from-json", file, "--model", "m")
        let schema = "{\"default\":[true,null,0.5,\"x\"],\"type\":\"object\"}"
        #expect(
            job.options == [
                TaskOptions(priority: .low, model: "m", timeout: .seconds(30), schemaJSON: schema),
                TaskOptions(model: "m", maxTurns: 2, budgetMicroUSD: 1_000_000),
            ])
        #expect(
            try all(job.tasks) == [
                TaskSpec(prompt: .text("a")), TaskSpec(prompt: .text("b")),
                TaskSpec(prompt: .text("c"), name: "third", options: 1),
            ])
    }

    @Test func aJobFileHasDefaultsAndTasks() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "job.yaml",
            """
            name: nightly
            priority: bulk
            allowed_tools: [Read, Grep]
            defaults:
              timeout: 10m
              model: small
            tasks:
              - prompt: first
                model: large
              - second
            """)
        let job = try submission("--file", file, "--priority", "critical")
        #expect(job.spec.name == "nightly")
        let row = TaskOptions(priority: .critical, allowedTools: ["Read", "Grep"], timeout: .seconds(600))
        var large = row
        large.model = "large"
        var small = row
        small.model = "small"
        #expect(job.options == [large, small])
        #expect(try all(job.tasks).map(\.prompt) == [.text("first"), .text("second")])
    }

    @Test func aJobFileCanNameAFileOfLinesBesideIt() throws {
        let folder = try ScratchFolder()
        _ = try folder.file("docs.txt", "one\ntwo\n")
        let file = try folder.file("job.yaml", "each_line: docs.txt\nprompt: Read {line}\n")
        let job = try submission("--file", file, "--name", "given")
        #expect(job.spec.name == "given")
        #expect(try all(job.tasks).map(\.prompt) == [.text("Read one"), .text("Read two")])
    }
}
