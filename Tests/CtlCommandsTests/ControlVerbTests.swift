import ClusterModel
import CoordinatorClient
import Testing

@testable import CtlCommands

@Suite struct ControlVerbTests {
    @Test(arguments: [
        "pause", "pause 7 8", "pause all", "resume last", "hold 7.1,3,5-8", "release 7", "retry 7.2", "priority 7 high",
        "priority 7.1 7.2 0", "drain a1", "undrain a1", "why 7.12", "attempts 7.12", "set-aside",
        "prune --older-than 7d",
        "prune 7 --dry-run", "backup /srv/copy", "--output json why 7.0",
    ])
    func verbsAreKnown(_ line: String) throws {
        _ = try CtlMain.parse(GlobalFlags.moveBehindVerb(line.split(separator: " ").map(String.init)))
    }

    @Test(arguments: [
        (["hold"], "Missing expected argument '<what> ...' (see ccctl hold --help)"),
        (["drain"], "Missing expected argument '<agent>' (see ccctl drain --help)"),
        (["set-aside", "--limit", "0"], "--limit must be 1 to 1000 (see ccctl set-aside --help)"),
    ])
    func missingWords(_ arguments: [String], _ sentence: String) {
        #expect(refusal { _ = try CtlMain.parse(arguments) } == sentence)
    }

    @Test func aPriorityIsTheLastWord() throws {
        let command = try #require(CtlMain.parse(["priority", "7", "8.1", "bulk"]) as? SetPriority)
        let order = try command.order()
        #expect(order.what == ["7", "8.1"])
        #expect(order.priority == .bulk)
        let bad = try #require(CtlMain.parse(["priority", "7", "urgent"]) as? SetPriority)
        #expect(
            refusal { _ = try bad.order() }
                == "\"urgent\": a priority must be 0 to 9 or critical, high, normal, low, bulk")
        let short = try #require(CtlMain.parse(["priority", "7"]) as? SetPriority)
        #expect(
            refusal { _ = try short.order() } == "name jobs or tasks, and then their priority, as in priority 7 high")
    }

    @Test func pruneWantsAnAgeOrJobs() throws {
        let age = try #require(CtlMain.parse(["prune", "--older-than", "7d"]) as? Prune)
        #expect(try age.age() == .seconds(7 * 86_400))
        for arguments in [["prune"], ["prune", "7", "--older-than", "1d"]] {
            let command = try #require(CtlMain.parse(arguments) as? Prune)
            #expect(refusal { _ = try command.age() } == "give either --older-than TIME or jobs")
        }
        let bad = try #require(CtlMain.parse(["prune", "--older-than", "old"]) as? Prune)
        #expect(refusal { _ = try bad.age() } == "--older-than \(TimeLength.rule)")
    }

    @Test func aSelectionOfTasksMayBeLarge() throws {
        #expect(try TaskSelector("7.1,3,5-8") == .tasks(JobID(rawValue: 7), [1...1, 3...3, 5...8]))
        #expect(try TaskSelector("7.0-999999") == .tasks(JobID(rawValue: 7), [0...999_999]))
        #expect(
            refusal { _ = try TaskSelector("7.0-5000000") }
                == "\"7.0-5000000\" names over 5000000 numbers: name fewer at once")
        #expect(refusal { _ = try JobSelector("1-1001") } == "\"1-1001\" names over 1000 numbers: name fewer at once")
    }

    @Test func whyIsALineAReason() {
        let task = TaskID(job: JobID(rawValue: 7), index: 12)
        let why = WhySummary(
            state: "queued",
            reasons: [
                .init(code: "label", text: "it needs gpu=a100, which no agent has"),
                .init(code: "paused", text: "its job is paused"),
            ], ahead: 3, estimatedStart: .seconds(95), attempts: 1)
        #expect(
            Why.lines(task, why) == [
                "task 7.12 is queued, tried once", "- it needs gpu=a100, which no agent has", "- its job is paused",
                "3 tasks go before it", "estimated start: in about 1m35s",
            ])
        #expect(
            Why.json(task, why).line == """
                {"task":"7.12","state":"queued","reasons":[{"code":"label","text":"it needs gpu=a100, which no agent has"},\
                {"code":"paused","text":"its job is paused"}],"ahead":3,"estimated_start_ms":95000,"agent":null,"attempts":1}
                """)
        let running = WhySummary(state: "running", agent: "a1", attempts: 2)
        #expect(Why.lines(task, running) == ["task 7.12 is running, on agent a1, tried 2 times"])
        #expect(Why.json(task, running).line.contains("\"ahead\":null,\"estimated_start_ms\":null,\"agent\":\"a1\""))
    }

    @Test func attemptsTellHowTheyEnded() {
        let task = TaskID(job: JobID(rawValue: 7), index: 0)
        let failed = AttemptSummary(
            attempt: 1, agent: "a", failure: TaskFailure(.crash, "it crashed"), endedAt: WallTime(milliseconds: 1))
        #expect(Attempts.end(failed) == "crash")
        #expect(Attempts.end(AttemptSummary(attempt: 2, givenUp: true)) == "given_up")
        #expect(Attempts.end(AttemptSummary(attempt: 3)) == "succeeded")
        #expect(
            Attempts.json(failed, of: task).line == """
                {"task":"7.0","attempt":1,"agent":"a","end":"crash","given_up":false,\
                "error":{"class":"crash","message":"it crashed","detail":""},"ended_at":"1970-01-01T00:00:00.001Z",\
                "usage":{"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0},\
                "cost_usd":0}
                """)
    }

    @Test func refusedResultsAreShownWhole() {
        let result = SetAsideResult(
            token: AttemptToken(
                store: StoreID(rawValue: 255), task: TaskID(job: JobID(rawValue: 7), index: 1), attempt: 2), agent: "a",
            reason: "task 7.1 has ended", at: WallTime(milliseconds: 1), state: .succeeded, answer: "42")
        #expect(
            SetAside.json(result).line == """
                {"task":"7.1","attempt":2,"store":"ff","agent":"a","reason":"task 7.1 has ended",\
                "at":"1970-01-01T00:00:00.001Z","state":"succeeded","answer":"42","message":null}
                """)
    }

    @Test func aJobShowsWhatWaits() {
        let job = JobLine(
            JobSummary(
                job: JobID(rawValue: 7), tasks: 10, queued: 2, running: 1, note: "no agent has gpu", blocked: 4,
                held: 3,
                isPaused: true, retried: 5))
        #expect(job.state == "paused")
        #expect(job.row[5...6] == ["4", "3"])
        #expect(job.json().line.contains("\"blocked\":4,\"held\":3,"))
        #expect(job.json().line.hasSuffix("\"note\":\"no agent has gpu\",\"paused\":true,\"retried\":5}"))
        #expect(job.row.count == JobLine.columns.count)
    }

    @Test func aBarShowsASubmit() {
        var bar = SubmitBar(total: 1000)
        bar.observe(SubmitProgress(acknowledged: 250), afterMilliseconds: 500)
        #expect(bar.line == "[======>                 ] 25 %, 250/1000 tasks, 500/s")
        bar.observe(SubmitProgress(acknowledged: 1000, waitsBecause: "the queue is full"), afterMilliseconds: 1000)
        #expect(bar.line == "[========================] 100 %, 1000/1000 tasks, 1000/s, waits: the queue is full")
        var open = SubmitBar(total: nil)
        open.observe(SubmitProgress(acknowledged: 1), afterMilliseconds: 0)
        #expect(open.line == "1 task sent")
    }

    @Test func aSubmitThatBrokeOffEndsAsItsCauseSays() {
        let job = JobID(rawValue: 7)
        let bad = SubmitInterrupted(job: job, cause: UsageError("x, line 3: no"), outcome: "and is cancelled")
        #expect(ExitStatus.of(bad) == .usage)
        #expect(ExitStatus.sentence(bad) == "x, line 3: no (job 7 was begun, and is cancelled)")
    }
}
