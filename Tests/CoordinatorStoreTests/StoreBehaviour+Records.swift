import ClusterModel
import Testing

@testable import CoordinatorCore
@testable import CoordinatorStore

extension StoreBehaviour {
    private static func task(_ index: UInt32, job: JobID = jobOne) -> TaskID { TaskID(job: job, index: index) }

    static func plain(_ count: Int, job: JobID = jobOne, sequence: UInt64 = 1) -> [DurableRecord] {
        opened((0..<count).map { TaskSpec(prompt: .text("p\($0)")) }, job: job, sequence: sequence)
    }

    static func jobs<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let ruled = JobSpec(
            name: "a\0b", submitter: "anna", distribution: .roundRobin, placement: .pack, weight: 7, maxParallel: 3,
            deadline: WallTime(milliseconds: 5), isPaused: true, continuesOnFailure: true, failuresAtMost: 0,
            after: [JobLink(job: jobOne), JobLink(job: jobOne, condition: .end)], budgetMicroUSD: .max, budgetTokens: 9,
            onBudget: .stop)
        let options = TaskOptions(
            priority: .high, runner: "exec", model: "m\0", permissionMode: "plan", allowedTools: ["A"],
            disallowedTools: ["B"], directory: "/d", timeout: 1, maxTurns: 2, budgetMicroUSD: .max, schemaJSON: "{}",
            maxAttempts: 3,
            needs: [LabelRule(key: "gpu", value: "a=b"), LabelRule(key: "x", value: ""), LabelRule(key: "y")],
            avoids: [LabelRule(key: "z")], expiresAfter: 9, onLost: .hold, onError: .skip,
            command: ["sh", "-c", "{line}"],
            promptOnStandardInput: true, environment: ["A=☃"], outputBytes: 77)
        let links = [
            TaskLink(index: 2), TaskLink(index: 4_000_000, condition: .end), TaskLink(index: 0, condition: .end),
        ]
        let two = JobID(rawValue: 2)
        let found = try state(
            open, after: plain(1),
            [
                .jobOpened(two, spec: ruled, key: SubmissionKey(high: 1, low: .max), at: noon),
                .optionsAdded(two, first: 0, [TaskOptions(), options]), .optionsAdded(two, first: 2, [options]),
                .tasksAdded(
                    two, first: 0, firstSequence: 2,
                    [
                        TaskSpec(prompt: .text("0")), TaskSpec(prompt: .text("1"), options: 1, after: links),
                        TaskSpec(prompt: .text("2"), context: "talk\0", fork: "p\0"),
                    ], at: noon),
            ])
        #expect(found.jobs.map(\.id.rawValue) == [1, 2])
        let job = found.jobs[1]
        #expect(job.spec == ruled && job.key == SubmissionKey(high: 1, low: .max) && !job.sealed)
        #expect(job.submittedAt == noon && job.options == [TaskOptions(), options, options])
        // It is paused from the start, since it was submitted so.
        #expect(job.switches.isPaused && !job.switches.isStopped)
        #expect(job.links.map(\.index) == [1, 2] && job.links[0].after == links && job.links[1].context == "talk\0")
        #expect(job.links[1].fork == "p\0")
        #expect(job.tasks.map(\.options) == [0, 1, 0] && job.tasks.map(\.queuedAt) == [noon, noon, noon])
        #expect(found.frame.nextSequence == 5 && found.frame.nextJob == 3 && found.frame.nextRow == 1)
    }

    static func conversations<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        func head(_ number: UInt8, agent: AgentID? = nil) -> ConversationHead {
            ConversationHead(
                transcript: BlobRef(sha256: Array(repeating: number, count: 32), size: 1 << 40),
                sessionID: "s\(number)\0",
                turn: .max, agent: agent, instance: "i")
        }
        let found = try state(
            open, after: plain(3),
            [.headKept(task(0), head(1)), .headKept(task(1), head(2)), .headKept(task(2), head(3))],
            [.headKept(task(1), head(4, agent: AgentID(rawValue: .max))), .headDropped(task(0))])
        let heads = found.jobs[0].heads
        #expect(heads.map(\.index) == [1, 2])
        #expect(heads.map(\.head) == [head(4, agent: AgentID(rawValue: .max)), head(3)])
    }

    static func tasks<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let agent = AgentID(rawValue: .max)
        var crash = EndedAttempt(
            number: AttemptNumber(task: task(1), attempt: 2), agent: agent, row: 3, failure: TaskFailure(.crash, "x"),
            failures: 2, givenUp: false, retryAt: WallTime(milliseconds: 8), at: noon,
            usage: Usage(inputTokens: 5), costMicroUSD: 6)
        crash.crashes = 2
        let found = try state(
            open, after: plain(4) + [.agentSeen(agent, name: "n", host: "h")],
            [
                .assigned(row: 2, agent: agent, [AttemptNumber(task: task(0), attempt: 1)], at: noon),
                .assigned(row: 3, agent: agent, [AttemptNumber(task: task(1), attempt: 2)], at: noon),
                .assigned(
                    row: 4, agent: agent,
                    [AttemptNumber(task: task(2), attempt: 1), AttemptNumber(task: task(3), attempt: 9)],
                    at: noon),
            ],
            [
                ended(result(0)), .attemptEnded(crash), .assignmentRetired(row: 2), .cancelRequested(task(2)),
                .cancelRequested(task(2)), failed(3, attempt: 9, row: 4, givenUp: true, at: 5),
                failed(3, attempt: 9, row: 0, givenUp: false, at: 7, failures: 1),
            ])
        let job = found.jobs[0]
        #expect(job.tasks.map(\.end) == [.succeeded, nil, nil, nil] && job.tasks.map(\.attempt) == [1, 2, 0, 9])
        #expect(job.tasks.map(\.cancelRequested) == [false, false, true, false])
        #expect(job.tasks[1].failures == 2 && job.tasks[1].crashes == 2 && job.tasks[1].closedRow == 3)
        #expect(job.tasks[1].retryAt?.milliseconds == 8 && job.tasks[2].retryAt == nil && job.tasks[0].retryAt == nil)
        #expect(job.tasks[3].failures == 1 && !job.tasks[3].givenUp && job.tasks[3].closedRow == 4)
        #expect(job.retried == 3 && job.usage.inputTokens == 6 && job.costMicroUSD == 11)
        #expect(found.frame.assignments.map(\.row) == [3, 4] && found.frame.nextRow == 5)
        #expect(found.frame.assignments[1].attempts.map(\.attempt) == [1, 9])
        #expect(found.frame.agents == [agent: RecoveredAgent(name: "n")])
    }

    /// Job 1 of three tasks: one succeeded, one failed, one was skipped; finished.
    private static var finished: [DurableRecord] {
        var counts = JobCounts()
        (counts.tasks, counts.succeeded, counts.failed, counts.skipped) = (3, 1, 1, 1)
        var summary = JobSummary(
            id: jobOne, spec: JobSpec(), submittedAt: noon, finishedAt: WallTime(milliseconds: 99), sealed: true,
            counts: counts, usage: Usage(inputTokens: 2, outputTokens: .max), costMicroUSD: 10)
        summary.retried = 4
        return [
            ended(result(0, answer: .text("yes"))),
            ended(result(1, .failed, failure: TaskFailure(.permanent, "no", detail: "why"))),
            .taskEnded(
                EndedTask(
                    task: task(2), state: .skipped, attempt: 0, agent: nil, result: nil,
                    failure: TaskFailure(.dependency, "1.1 failed"), at: noon)),
            .jobFinished(summary),
        ]
    }

    static func finish<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let found = try state(open, after: plain(3), finished, plain(2, job: JobID(rawValue: 2), sequence: 4))
        let job = found.jobs[0]
        #expect(job.tasks.isEmpty && job.options.isEmpty && job.finishedAt?.milliseconds == 99)
        #expect(job.counts.tasks == 3 && job.counts.skipped == 1 && job.retried == 4 && job.costMicroUSD == 10)
        #expect(job.usage.outputTokens == .max && found.frame.nextSequence == 6)
        #expect(found.jobs[1].tasks.map(\.sequence) == [4, 5])
        let store = try open()
        let whole = try #require(try store.recoverJob(jobOne))
        #expect(whole.tasks.map(\.end) == [.succeeded, .failed, .skipped] && whole.options == [TaskOptions()])
        #expect(whole.counts == job.counts && whole.finishedAt == job.finishedAt)
        #expect(try store.recoverJob(JobID(rawValue: 2))?.tasks.count == 2)
        #expect(try store.recoverJob(JobID(rawValue: 3)) == nil && store.recoverJob(JobID(rawValue: .max)) == nil)
    }

    static func reopen<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let agent = AgentID(rawValue: 1)
        let found = try state(
            open, after: plain(4),
            [
                .assigned(
                    row: 6, agent: agent,
                    [AttemptNumber(task: task(1), attempt: 1), AttemptNumber(task: task(3), attempt: 1)], at: noon),
                failed(2, attempt: 1, row: 2, givenUp: false, failures: 2),
            ], finished,
            [.jobReopened(jobOne), .taskReopened(task(1), closedRow: 6), .taskReopened(task(2), closedRow: 6)])
        let job = found.jobs[0]
        #expect(job.finishedAt == nil && job.tasks.map(\.end) == [.succeeded, nil, nil, nil])
        #expect(job.tasks.map(\.attempt) == [1, 1, 1, 0] && job.tasks.map(\.failures) == [0, 0, 0, 0])
        // The row in which its attempt was open still waits for another's: it must not be taken for open.
        #expect(job.tasks[1].closedRow >= 6 && !job.tasks[1].givenUp)
        #expect(job.usage.total == 20 && job.retried == 2)
        // It may end again.
        let again = try state(open, after: [ended(result(1, attempt: 2, answer: .text("now")))])
        #expect(again.jobs[0].tasks[1].end == .succeeded && again.jobs[0].tasks[1].attempt == 2)
        #expect(again.jobs[0].usage.total == 30)
    }

    static func switchesAndHolds<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let (seen, unseen) = (AgentID(rawValue: 5), AgentID(rawValue: 6))
        let found = try state(
            open, after: plain(5),
            [
                .optionsAdded(jobOne, first: 1, [TaskOptions(priority: .low)]),
                .optionsChanged(jobOne, row: 0, TaskOptions(priority: .high)), .queuePaused(true),
                .jobChanged(jobOne, JobSwitches(bits: 6)), .taskMoved(task(1), options: 1),
                .taskMoved(task(2), options: 1),
                .taskHeld(task(3), why: "a"), .taskHeld(task(3), why: "b\0☃"), .taskHeld(task(4), why: "c"),
                .taskHeld(task(0), why: "d"), .sweepBegun(jobOne, .retry), .sweepBegun(jobOne, .cancel),
                .sweepBegun(jobOne, .hold), .agentSeen(seen, name: "s", host: ""), .agentDrained(seen, true),
                .agentDrained(unseen, true),
            ],
            [
                .taskMoved(task(2), options: 0), .taskReleased(task(4)), .sweepEnded(jobOne, .cancel), ended(result(0)),
                .agentSeen(seen, name: "t", host: ""), .agentDrained(unseen, false), .sweepBegun(jobOne, .retry),
            ])
        let job = found.jobs[0]
        #expect(job.options.map(\.priority) == [.high, .low] && job.tasks.map(\.options) == [0, 1, 0, 0, 0])
        #expect(job.switches.isStopped && job.switches.isExpired && !job.switches.isPaused)
        #expect(job.holds.map(\.index) == [3] && job.holds.map(\.why) == ["b\0☃"])
        #expect(found.frame.isPaused && found.frame.sweeps.map(\.kind) == [.retry, .hold])
        #expect(found.frame.agents[seen] == RecoveredAgent(name: "t", isDrained: true))
        #expect(found.frame.agents[unseen]?.isDrained == false)
        #expect(try !state(open, after: [.queuePaused(false)]).frame.isPaused)
    }

    static func budgets<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        #expect(try state(open, after: plain(1)).frame.spent == nil)
        var spec = JobSpec(name: "n")
        spec.budgetTokens = 5
        spec.onBudget = .stop
        let found = try state(
            open,
            after: [
                .budgetChanged(jobOne, spec), .daySpent(DaySpend(day: 3, spend: Spend(microUSD: 9, tokens: 9))),
                .daySpent(DaySpend(day: 4, spend: Spend(microUSD: 1, tokens: 1))),
                .daySpent(DaySpend(day: 4, spend: Spend(microUSD: .max, tokens: 2))),
            ])
        #expect(found.jobs[0].spec.budgetTokens == 5 && found.jobs[0].spec.onBudget == .stop)
        #expect(found.frame.spent == DaySpend(day: 4, spend: Spend(microUSD: UInt64(Int64.max), tokens: 2)))
        let later = try state(open, after: [.daySpent(DaySpend(day: 900, spend: Spend(tokens: 7)))])
        #expect(later.frame.spent == DaySpend(day: 900, spend: Spend(tokens: 7)))
    }

    static func prune<Store: CoordinatorStoring>(_ open: () throws -> Store) throws {
        let half = try state(
            open, after: plain(3), finished,
            [.sweepBegun(jobOne, .prune), .pruned(jobOne, first: 0, count: 2, isLast: false)])
        #expect(half.frame.sweeps.map(\.job) == [jobOne] && half.jobs.map(\.id) == [jobOne])
        // After a restart it begins anew.
        let found = try state(
            open,
            after: [
                .pruned(jobOne, first: 0, count: 2, isLast: false), .pruned(jobOne, first: 2, count: 1, isLast: true),
            ],
            [.sweepEnded(jobOne, .prune)])
        #expect(found.jobs.isEmpty && found.frame.nextJob == 2 && found.frame.sweeps.isEmpty)
        let store = try open()
        #expect(throws: (any Error).self) { try store.prompts([task(0)]) }
        #expect(try store.recoverJob(jobOne) == nil)
        // Its key is free again.
        try store.commit(plain(1, job: JobID(rawValue: 2), sequence: 9))
        try store.commit([.pruned(JobID(rawValue: 2), first: 0, count: 0, isLast: true)])
        #expect(try store.recoverFrame().nextJob == 3)
    }
}
