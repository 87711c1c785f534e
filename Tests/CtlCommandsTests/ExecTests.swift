import ClusterModel
import Testing

@testable import CtlCommands

@Suite struct ExecTests {
    @Test func aCommandAloneIsOneTask() throws {
        let job = try submission(
            "--runner", "exec", "--env", "A=1", "--env", "B=x=y", "--output-bytes", "100", "--", "echo", "-n", "hi")
        #expect(try all(job.tasks) == [TaskSpec(prompt: .text("echo -n hi"))])
        #expect(
            job.options == [
                TaskOptions(
                    runner: "exec", command: ["echo", "-n", "hi"], environment: ["A=1", "B=x=y"], outputBytes: 100)
            ])
    }

    @Test func linesAreThePromptsOfACommand() throws {
        let folder = try ScratchFolder()
        let file = try folder.file("names.txt", "a.png\nb.png\n")
        let job = try submission(
            "--each-line", file, "--runner", "exec", "--stdin", "--", "convert", "{line}", "out/{line}")
        #expect(try all(job.tasks) == [TaskSpec(prompt: .text("a.png")), TaskSpec(prompt: .text("b.png"))])
        #expect(
            job.options == [
                TaskOptions(runner: "exec", command: ["convert", "{line}", "out/{line}"], promptOnStandardInput: true)
            ])
    }

    @Test func aPromptCanStandBesideACommand() throws {
        let job = try submission("hello", "--runner", "exec", "--", "echo", "{line}")
        #expect(try all(job.tasks) == [TaskSpec(prompt: .text("hello"))])
    }

    @Test func aJobFileHasCommandsToo() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "job.yaml",
            """
            runner: exec
            defaults:
              command: [wc, -l]
              env: {LANG: C}
            tasks:
              - one
              - command: [ls, /]
                stdin: false
                context: disk
            """)
        let job = try submission("--file", file)
        #expect(
            try all(job.tasks) == [
                TaskSpec(prompt: .text("one")), TaskSpec(prompt: .text("ls /"), options: 1, context: "disk"),
            ])
        #expect(job.options.map(\.command) == [["wc", "-l"], ["ls", "/"]])
        #expect(job.options.map(\.environment) == [["LANG=C"], ["LANG=C"]])
    }

    @Test func everySchedulingFlagReachesItsPlace() throws {
        let command = try #require(
            CtlMain.parse([
                "submit", "p", "--needs", "gpu=a100", "--needs", "fast", "--avoids", "zone=eu", "--distribution",
                "least-loaded", "--pack", "--weight", "30", "--max-parallel", "4", "--deadline", "2h",
                "--expires-after",
                "10m", "--on-lost", "hold", "--paused", "--on-failure", "continue", "--max-failures", "3", "--after",
                "12",
                "--after", "13:end",
            ]) as? Submit)
        let job = try command.options.submission(now: WallTime(milliseconds: 1000))
        #expect(
            job.spec
                == JobSpec(
                    distribution: .leastLoaded, placement: .pack, weight: 30, maxParallel: 4,
                    deadline: WallTime(milliseconds: 7_201_000), isPaused: true, continuesOnFailure: true,
                    failuresAtMost: 3,
                    after: [
                        JobLink(job: JobID(rawValue: 12)), JobLink(job: JobID(rawValue: 13), condition: .end),
                    ]))
        #expect(
            job.options == [
                TaskOptions(
                    needs: [LabelRule(key: "gpu", value: "a100"), LabelRule(key: "fast")],
                    avoids: [LabelRule(key: "zone", value: "eu")], expiresAfter: .seconds(600), onLost: .hold)
            ])
    }

    @Test func aJobFileSaysTheSame() throws {
        let text = """
            {"name": "j", "distribution": "priority", "pack": true, "weight": 5, "max_parallel": 2,
             "deadline": "2030-01-01T00:00:00Z", "paused": true, "on_failure": "skip", "fail_fast": true,
             "after": [3, "4:end", {"job": 5, "on": "end"}], "needs": "gpu", "on_lost": "hold", "on_error": "skip",
             "tasks": ["a"]}
            """
        let file = try JobFile(path: "job.json", bytes: Array(text.utf8), now: WallTime(milliseconds: 0))
        var flags = JobFields()
        flags.maxFailures = 7
        let job = try file.submission(name: nil, flags: TaskFields(), job: flags)
        #expect(
            job.spec
                == JobSpec(
                    name: "j", distribution: .priority, placement: .pack, weight: 5, maxParallel: 2,
                    deadline: WallTime(milliseconds: 1_893_456_000_000), isPaused: true, failuresAtMost: 7,
                    after: [
                        JobLink(job: JobID(rawValue: 3)), JobLink(job: JobID(rawValue: 4), condition: .end),
                        JobLink(job: JobID(rawValue: 5), condition: .end),
                    ]))
        #expect(job.options == [TaskOptions(needs: [LabelRule(key: "gpu")], onLost: .hold, onError: .skip)])
    }

    @Test(arguments: [
        (["a", "--runner", "jira"], "--runner must be one of claude, exec, noop, not \"jira\""),
        (["a", "--", "ls"], "PROMPT: \"command\" is for the runner exec, and this task's runner is claude"),
        (
            ["a", "--runner", "exec"],
            "PROMPT: the runner exec needs a command: behind -- on the command line, or as \"command\" in a file"
        ),
        (
            ["--runner", "exec", "--model", "m", "--", "ls"],
            "the command: \"model\" is for the runner claude, and this task's runner is exec"
        ),
        (["--runner", "exec", "--env", "A", "--", "ls"], "--env must be KEY=VALUE"),
        (["--runner", "exec", "--output-bytes", "0", "--", "ls"], "--output-bytes must be a whole number from 1"),
        (["--runner", "exec", "--", ""], "-- must begin with a program"),
        (["a", "--needs", "=x"], "--needs must be labels such as gpu or gpu=a100"),
        (
            ["a", "--distribution", "random"],
            "--distribution must be one of round-robin, least-loaded, context-aware, priority, hybrid"
        ),
        (["a", "--weight", "1001"], "--weight must be 1 to 1000"),
        (["a", "--max-parallel", "0"], "--max-parallel must be a whole number from 1"),
        (
            ["a", "--deadline", "soon"],
            "--deadline must be a time such as 2026-01-31T18:00:00Z, or a length from now such as 2h"
        ),
        (["a", "--deadline", "2001-01-01T00:00:00Z"], "--deadline lies in the past: 2001-01-01T00:00:00Z"),
        (["a", "--on-lost", "drop"], "--on-lost must be one of rerun, hold"),
        (["a", "--on-failure", "stop"], "--on-failure must be one of skip, continue"),
        (["a", "--max-failures", "-"], "--max-failures must be a whole number from 0"),
        (["a", "--fail-fast", "--max-failures", "2"], "fail-fast and max-failures 2 contradict each other: give one"),
        (["a", "--after", "last"], "--after must be numbers of jobs such as 12, or 12:end"),
        (["a", "--after", "12:start"], "--after must be numbers of jobs such as 12, or 12:end"),
    ])
    func badFlags(_ arguments: [String], _ sentence: String) throws {
        let command = try #require(CtlMain.parse(["submit"] + arguments) as? Submit)
        #expect(refusal { _ = try command.options.submission() } == sentence)
    }
}
