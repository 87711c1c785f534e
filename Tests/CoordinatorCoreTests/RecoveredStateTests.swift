import ClusterModel
import Testing

@testable import CoordinatorCore

/// Stores as a crash at the worst moment, or another version, may have left them.
@Suite("recover what no turn of this version writes")
struct RecoveredStateTests {
    private func recover(
        _ switches: (inout JobSwitches) -> Void = { _ in }, tasks: [RecoveredTask], rows: [RecoveredAssignment] = []
    ) -> (core: CoordinatorCore, records: [DurableRecord]) {
        var state = RecoveredState()
        var job = RecoveredJob(
            id: JobID(rawValue: 1), spec: JobSpec(), key: SubmissionKey(high: 0, low: 1),
            submittedAt: WallTime(milliseconds: 1), finishedAt: nil, sealed: true, options: [TaskOptions()],
            tasks: ContiguousArray(tasks), counts: JobCounts(), usage: Usage(), costMicroUSD: 0)
        switches(&job.switches)
        state.jobs = [job]
        state.frame.assignments = rows
        state.frame.nextRow = 10
        var core = CoordinatorCore(storeID: StoreID(rawValue: 7), term: 2, seed: 1)
        core.recover(
            state, at: Moment(instant: Instant(nanoseconds: 1_000_000_000), wall: WallTime(milliseconds: 2)))
        return (core, core.takeTurn().records)
    }

    private let waiting = [RecoveredTask(sequence: 1, options: 0), RecoveredTask(sequence: 2, options: 0)]

    @Test("A switch without its sweep: what waits ends as the switch says")
    func switches() {
        let expired = recover({ $0.isExpired = true }, tasks: waiting).core.summary(of: JobID(rawValue: 1))
        #expect(expired?.counts.expired == 2 && expired?.finishedAt != nil)
        let stopped = recover({ $0.isStopped = true }, tasks: waiting).core.summary(of: JobID(rawValue: 1))
        #expect(stopped?.counts.skipped == 2 && stopped?.finishedAt != nil)
    }

    @Test("A job whose every task has its end is finished")
    func finished() {
        let ended = [RecoveredTask(sequence: 1, options: 0, end: .succeeded, attempt: 1)]
        let (core, records) = recover(tasks: ended)
        #expect(core.summary(of: JobID(rawValue: 1))?.finishedAt != nil)
        #expect(records.contains { if case .jobFinished = $0 { true } else { false } })
    }

    @Test("A row in which nothing is open is retired")
    func row() {
        let number = AttemptNumber(task: TaskID(job: JobID(rawValue: 5), index: 0), attempt: 1)
        let records = recover(
            tasks: waiting, rows: [RecoveredAssignment(row: 3, agent: AgentID(rawValue: 1), attempts: [number])]
        ).records
        #expect(records.contains { if case .assignmentRetired(row: 3) = $0 { true } else { false } })
    }

    @Test("Tasks are numbered on over a restart")
    func sequence() {
        let bench = CoreBench()
        _ = bench.job(JobSpec(), count: 3, key: 1)
        bench.restart()
        let job = bench.job(JobSpec(), count: 1, key: 2)
        #expect(bench.disk.task(TaskID(job: job, index: 0))?.sequence == 4)
    }

    @Test("A job's switches are one bit each", arguments: 0..<8 as Range<Int64>)
    func bits(bits: Int64) { #expect(JobSwitches(bits: bits).bits == bits) }
}
