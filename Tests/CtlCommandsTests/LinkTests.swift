import ClusterModel
import Testing

@testable import CtlCommands

@Suite struct LinkTests {
    private func job(_ yaml: String) throws -> Submission {
        try JobFile(path: "job.yaml", bytes: Array(yaml.utf8)).submission(name: nil, flags: TaskFields())
    }

    @Test func namesAndIndexesBecomeLinks() throws {
        let job = try job(
            """
            tasks:
              - {prompt: p, name: last, after: [first, {task: 2, on: end}, first]}
              - {prompt: p, name: first}
              - {prompt: p, after: first}
            """)
        #expect(
            try all(job.tasks).map(\.after) == [
                [TaskLink(index: 1), TaskLink(index: 2, condition: .end)], [], [TaskLink(index: 1)],
            ])
    }

    @Test func jsonLinesHaveLinksToo() throws {
        let folder = try ScratchFolder()
        let file = try folder.file(
            "t.jsonl", "{\"prompt\": \"a\", \"after\": \"b\"}\n{\"prompt\": \"b\", \"name\": \"b\"}\n")
        #expect(try all(submission("--from-json", file).tasks).map(\.after) == [[TaskLink(index: 1)], []])
    }

    @Test(arguments: [
        (
            "tasks:\n  - {prompt: p, name: a, after: b}\n  - {prompt: p, name: b, after: c}\n  - {prompt: p, name: c, after: a}",
            "job.yaml, line 2: these tasks wait for each other: a → b → c → a; take one of the links out"
        ),
        (
            "tasks:\n  - {prompt: p}\n  - {prompt: p, after: 1}",
            "job.yaml, line 3: these tasks wait for each other: 1 → 1; take one of the links out"
        ),
        (
            "runner: noop\ntasks:\n  - {prompt: p, context: k, after: 1}\n  - {prompt: p, context: k}",
            "job.yaml, line 3: these tasks wait for each other: 0 → 1 → 0; take one of the links out"
        ),
        (
            "tasks:\n  - {prompt: p, name: a}\n  - {prompt: p, after: [a, z]}",
            "job.yaml, line 3: \"after\": no task of this job is named \"z\""
        ),
        (
            "tasks:\n  - {prompt: p, name: a}\n  - {prompt: p, name: a}\n  - {prompt: p, after: a}",
            "job.yaml, line 4: \"after\": 2 tasks are named \"a\"; give them different names"
        ),
        (
            "tasks:\n  - {prompt: p, after: 5}",
            "job.yaml, line 2: \"after\": there is no task 5; the job has tasks 0 to 0"
        ),
        (
            "tasks:\n  - {prompt: p, after: {task: 1, when: end}}",
            "job.yaml, line 2: \"after\" must be written as {task: …, on: end}"
        ),
        (
            "tasks:\n  - {prompt: p, after: {task: 1, on: start}}",
            "job.yaml, line 2: \"after\" can wait \"on\" success or end"
        ),
        (
            "defaults: {after: a}\ntasks: [p]",
            "job.yaml, line 1: \"after\" belongs to a task, not to \"defaults\""
        ),
        ("after: x\ntasks: [p]", "job.yaml, line 1: \"after\" must be numbers of jobs such as 12, or 12:end"),
    ])
    func badLinks(_ yaml: String, _ sentence: String) {
        #expect(refusal { _ = try job(yaml) } == sentence)
    }

    @Test func aChainOfAHundredThousandIsNoCycleAndIsNotTooDeep() throws {
        var tasks = (0..<100_000).map { TaskSpec(prompt: .text("p"), after: [TaskLink(index: $0 + 1)]) }
        tasks.append(TaskSpec(prompt: .text("p")))
        #expect(LinkCycle.find(in: tasks) == nil)
        tasks[100_000].after = [TaskLink(index: 99_998)]
        #expect(LinkCycle.find(in: tasks) == [99_998, 99_999, 100_000])
    }

    @Test func aLongCycleIsPrintedWithoutItsMiddle() {
        let text = "tasks:\n" + (0..<40).map { "  - {prompt: p, after: \(($0 + 1) % 40)}\n" }.joined()
        #expect(
            refusal { _ = try job(text) }
                == "job.yaml, line 2: these tasks wait for each other: 0 → 1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 9 → … 21 more … → 31 → 32 → 33 → 34 → 35 → 36 → 37 → 38 → 39 → 0; take one of the links out"
        )
    }
}
