import ClusterModel
import Testing

@testable import ClusterSimulation
@testable import CoordinatorCore

/// Each checker finds the fault that it is there for, and nothing in a history that is right.
@Suite struct CheckerTests {
    @Test func aRightHistoryBreaksNothing() {
        var history = History.of()
        history.saw(.submitAcknowledged(History.job, tasks: 2))
        history.assign([0, 1])
        history.saw(.sent(History.agent, [History.token(0), History.token(1)]))
        history.saw(.finished(History.token(0)))
        history.end(0)
        history.end(1)
        var counts = JobCounts()
        counts.tasks = 2
        counts.succeeded = 2
        history.happens([
            .jobFinished(
                JobSummary(
                    id: History.job, spec: JobSpec(), submittedAt: History.wall, finishedAt: History.wall, sealed: true,
                    counts: counts, usage: Usage(outputTokens: 2), costMicroUSD: 0))
        ])
        history.saw(.acknowledged([History.token(0)]))
        history.saw(.over(outboxes: []))
        #expect(history.referee.violations == [])
    }

    @Test func aTaskThatEndsTwiceIsFound() {
        var history = History.of()
        history.end(0, .cancelled, attempt: 0)
        history.end(0, .cancelled, attempt: 0)
        #expect(history.broken == ["one end"])
    }

    @Test func anAcknowledgedTaskWithoutAnEndIsFound() {
        var history = History.of()
        history.saw(.submitAcknowledged(History.job, tasks: 2))
        history.end(0, .cancelled, attempt: 0)
        history.saw(.over(outboxes: []))
        #expect(history.broken == ["one end"])
    }

    @Test func anAcknowledgedSubmitThatIsNotOnDiskIsFound() {
        var history = History.of()
        history.saw(.submitAcknowledged(History.job, tasks: 3))
        #expect(history.broken == ["one end"])
    }

    @Test func aResultAcknowledgedBeforeItIsOnDiskIsFound() {
        var history = History.of()
        history.assign([0])
        history.saw(.acknowledged([History.token(0)]))
        #expect(history.broken == ["nothing lost"])
    }

    @Test func aFinishedResultThatIsNowhereIsFound() {
        var history = History.of()
        history.assign([0])
        history.saw(.finished(History.token(0)))
        history.saw(.over(outboxes: []))
        #expect(history.broken == ["nothing lost"])
    }

    @Test func aSecondOpenAttemptIsFound() {
        var history = History.of()
        history.assign([0])
        history.assign([0], attempt: 2, row: 2)
        #expect(history.broken == ["one open attempt"])
    }

    @Test func anAttemptSentTwiceIsFound() {
        var history = History.of()
        history.assign([0])
        history.saw(.sent(History.agent, [History.token(0)]))
        history.saw(.sent(History.agent, [History.token(0)]))
        #expect(history.broken == ["one open attempt"])
    }

    @Test func aSessionGivenTwiceIsFound() {
        var history = History.of()
        history.saw(.welcomed(History.agent, session: 1, abandon: []))
        history.saw(.welcomed(History.agent, session: 1, abandon: []))
        #expect(history.broken == ["one open attempt"])
    }

    @Test func aStaleTokenThatIsTakenIsFound() {
        var history = History.of()
        history.assign([0])
        history.giveUp(0)
        history.assign([0], attempt: 2, row: 2)
        history.end(0, attempt: 1)
        #expect(history.broken == ["tokens"])
    }

    @Test func aLiveTokenThatIsSetAsideIsFound() {
        var history = History.of()
        history.assign([0])
        history.giveUp(0)
        history.happens([
            .resultSetAside(History.result(History.token(0)), agent: History.agent, reason: .stale, at: History.wall)
        ])
        #expect(history.broken == ["tokens"])
    }

    @Test func anAgentToldToDropWhatIsOpenOnItIsFound() {
        var history = History.of()
        history.assign([0])
        history.saw(.welcomed(History.agent, session: 1, abandon: [History.token(0)]))
        #expect(history.broken == ["tokens"])
    }

    @Test func aTaskPassedOverForALessUrgentOneIsFound() {
        let rows = [TaskOptions(priority: .low), TaskOptions(priority: .high)]
        let tasks = [TaskSpec(prompt: .text(""), options: 0), TaskSpec(prompt: .text(""), options: 1)]
        var history = History.of(tasks, options: rows)
        history.assign([0], offers: [History.offer(1)])
        #expect(history.broken == ["no inversion"])
    }

    @Test func anAgentLeftWithoutWorkThatFitsIsFound() {
        var history = History.of()
        history.assign([0], offers: [History.offer(2)])
        #expect(history.broken == ["no inversion"])
    }

    @Test func whatNoAgentFitsIsNotPassedOver() {
        let rows = [TaskOptions(priority: .low), TaskOptions(priority: .high, needs: [LabelRule(key: "gpu")])]
        let tasks = [TaskSpec(prompt: .text(""), options: 0), TaskSpec(prompt: .text(""), options: 1)]
        var history = History.of(tasks, options: rows)
        history.assign([0], offers: [History.offer(2)])
        #expect(history.referee.violations == [])
    }

    @Test(arguments: [(1, true), (2, false)]) func sharesThatLeaveTheWeightsAreFound(_ scale: Int, _ isFair: Bool) {
        var history = History(fair: true)
        history.happens([.agentSeen(History.agent, name: "a", host: "h")])
        let jobs = [JobID(rawValue: 1), JobID(rawValue: 2)]
        for (place, job) in jobs.enumerated() {
            let tasks = (0..<1000).map { _ in TaskSpec(prompt: .text("")) }
            history.open(job, tasks, [TaskOptions()], JobSpec(weight: UInt32(place + 1)))
        }
        for turn in 0..<200 {
            history.assign([UInt32(turn)], row: UInt64(turn * 2 + 1), job: jobs[0], offers: [])
            let count = scale == 1 ? 2 : 3
            let indexes = (0..<count).map { UInt32(turn * count + $0) }
            history.assign(indexes, row: UInt64(turn * 2 + 2), job: jobs[1], offers: [])
            history.end(UInt32(turn), job: jobs[0])
            for index in indexes { history.end(index, job: jobs[1]) }
        }
        history.saw(.over(outboxes: []))
        let violations = history.referee.violations.filter { $0.hasPrefix("fair shares:") }
        #expect(violations.isEmpty == isFair)
    }

    @Test func anAgentThatIsOverfilledIsFound() {
        var history = History.of()
        history.assign([0, 1], offers: [History.offer(1)])
        #expect(history.broken == ["limits"])
    }

    @Test func aJobOverItsMaximumAtOnceIsFound() {
        var history = History.of(spec: JobSpec(maxParallel: 1))
        history.assign([0, 1])
        #expect(history.broken == ["limits"])
    }

    @Test func aQueueOverItsBoundIsFound() {
        #expect(History.of(core: CoreConfiguration(maxQueuedTasks: 1)).broken == ["limits"])
    }

    @Test func workForADrainedAgentIsFound() {
        var history = History.of([TaskSpec(prompt: .text(""))])
        history.happens([.agentDrained(History.agent, true)])
        history.assign([0])
        #expect(history.broken == ["limits"])
    }

    @Test func tooManyOrdersInOneTurnAreFound() {
        var history = History.of(core: CoreConfiguration(ordersPerTurn: 1))
        history.assign([0, 1])
        #expect(history.broken == ["limits"])
    }

    @Test func aTaskBeforeWhatItWaitsForIsFound() {
        let tasks = [TaskSpec(prompt: .text("")), TaskSpec(prompt: .text(""), after: [TaskLink(index: 0)])]
        var history = History.of(tasks)
        history.assign([0, 1])
        #expect(history.broken == ["dependencies"])
    }

    @Test func aTurnBeforeTheOneBeforeItIsFound() {
        let tasks = [TaskSpec(prompt: .text(""), context: "c"), TaskSpec(prompt: .text(""), context: "c")]
        var history = History.of(tasks)
        history.assign([0, 1])
        #expect(history.broken == ["dependencies"])
    }

    @Test func aJobBeforeTheOneItWaitsForIsFound() {
        var history = History.of()
        history.assign([0, 1])
        let later = JobID(rawValue: 2)
        history.open(later, [TaskSpec(prompt: .text(""))], [TaskOptions()], JobSpec(after: [JobLink(job: History.job)]))
        history.assign([0], row: 2, job: later)
        #expect(history.broken == ["dependencies"])
    }

    @Test func aTaskSkippedForNothingIsFound() {
        var history = History.of()
        history.end(0, .skipped, attempt: 0)
        #expect(history.broken == ["dependencies"])
    }

    @Test func workThatStandsStillIsFound() {
        var history = History.of()
        history.saw(.healed(work: .s(1), pause: 0))
        history.saw(.timePassed, at: .s(2000))
        #expect(history.broken == ["liveness"])
    }

    @Test func workOfAPausedJobIsFound() {
        var switches = JobSwitches()
        switches.isPaused = true
        var history = History.of()
        history.happens([.jobChanged(History.job, switches)])
        history.assign([0])
        #expect(history.broken == ["pauses"])
    }

    @Test func workAfterAPauseWasAcknowledgedIsFound() {
        var history = History.of()
        history.saw(.controlDelivered(.pause(nil)))
        history.saw(.controlAcknowledged(.pause(nil), changed: 1))
        history.assign([0, 1])
        #expect(history.broken == ["pauses"])
    }

    @Test func workThatIsHeldIsFound() {
        var history = History.of()
        history.happens([.taskHeld(TaskID(job: History.job, index: 0), why: "by hand")])
        history.assign([0, 1])
        #expect(history.broken == ["pauses"])
    }
}
