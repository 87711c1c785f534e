import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("submitArrived")
struct SubmitTests {
    private func batch(
        _ first: UInt32, _ count: Int, firstOptions: UInt32 = 0, options: Int = 1, row: UInt32 = 0, seal: Bool = false
    ) -> SubmitBatch {
        SubmitBatch(
            key: SubmissionKey(high: 1, low: 1), firstOptions: firstOptions,
            options: (0..<options).map { TaskOptions(maxTurns: UInt32($0)) },
            firstIndex: first, tasks: (0..<count).map { TaskSpec(prompt: .text("\($0)"), options: row) }, seal: seal)
    }

    @Test("Batches add up, a repeat adds nothing and is answered as it was")
    func batches() {
        let bench = CoreBench()
        #expect(bench.submit(batch(0, 2))?.submitted == [1, 2, 0])
        #expect(bench.submit(batch(0, 2))?.submitted == [1, 2, 0])
        #expect(bench.submit(batch(2, 2, firstOptions: 1, options: 0))?.submitted == [1, 4, 0])
        // One that overlaps brings only what is new.
        #expect(bench.submit(batch(1, 5, options: 2, row: 1))?.submitted == [1, 6, 0])
        #expect(bench.submit(batch(6, 0, firstOptions: 2, options: 0, seal: true))?.submitted == [1, 6, 1])
        for again in [batch(0, 2), batch(1, 5), batch(6, 0, seal: true)] {
            #expect(bench.submit(again)?.submitted == [1, 6, 1])
        }
        #expect(bench.disk.jobs[JobID(rawValue: 1)]?.tasks.count == 6)
        #expect(bench.disk.jobs[JobID(rawValue: 1)]?.options.count == 2)
        #expect(bench.submit(batch(6, 1))?.refusal == .jobSealed)
        #expect(bench.core.jobCount == 1)
    }

    @Test("A gap is refused: in tasks, in options, and before the first batch")
    func gaps() {
        let bench = CoreBench()
        #expect(bench.submit(batch(1, 1))?.refusal == .unknownJob)
        #expect(bench.submit(batch(0, 1, firstOptions: 1))?.refusal == .unknownJob)
        #expect(bench.submit(batch(0, 1))?.submitted == [1, 1, 0])
        #expect(bench.submit(batch(2, 1))?.refusal == .invalid)
        #expect(bench.submit(batch(1, 1, firstOptions: 2))?.refusal == .invalid)
        #expect(bench.disk.jobs[JobID(rawValue: 1)]?.tasks.count == 1)
    }

    @Test("Options may come before the first task that names them")
    func optionsFirst() {
        let bench = CoreBench()
        #expect(bench.submit(batch(0, 0, options: 2))?.submitted == [1, 0, 0])
        #expect(bench.submit(batch(0, 0, options: 2))?.submitted == [1, 0, 0])
        #expect(bench.submit(batch(0, 1, firstOptions: 2, options: 0, row: 1, seal: true))?.submitted == [1, 1, 1])
        #expect(bench.disk.jobs[JobID(rawValue: 1)]?.options.count == 2)
    }

    @Test("A refused first batch leaves no job behind, and its client can come again")
    func refusedFirst() {
        let bench = CoreBench()
        #expect(bench.submit(batch(0, 1, row: 3))?.refusal == .invalid)
        #expect(bench.submit(batch(0, 1, options: Limits.optionsPerJob + 1))?.refusal == .invalid)
        #expect(bench.core.jobCount == 0 && bench.disk.order.isEmpty)
        #expect(bench.submit(batch(0, 1, options: Limits.optionsPerJob, seal: true))?.submitted == [1, 1, 1])
    }

    @Test("A job is named by its number only together with its key")
    func numbers() {
        let bench = CoreBench()
        _ = bench.submit(tasks: 1, key: 5, seal: false)
        var other = batch(1, 1)
        other.job = JobID(rawValue: 1)
        #expect(bench.submit(other)?.refusal == .invalid)
        other.job = JobID(rawValue: 2)
        #expect(bench.submit(other)?.refusal == .unknownJob)
    }

    @Test("A full queue and a low disk refuse what is new, never what is known or only seals")
    func limits() {
        let bench = CoreBench(CoreConfiguration(maxQueuedTasks: 3))
        #expect(bench.submit(batch(0, 4))?.refusal == .queueFull)
        #expect(bench.core.jobCount == 0)
        #expect(bench.submit(batch(0, 2))?.submitted == [1, 2, 0])
        #expect(bench.submit(batch(2, 2))?.refusal == .queueFull)
        bench.core.diskMeasured(isLow: true)
        #expect(bench.submit(batch(2, 1))?.refusal == .diskFull)
        #expect(bench.submit(batch(0, 2))?.submitted == [1, 2, 0])
        #expect(bench.submit(SubmitBatch(key: SubmissionKey(high: 2, low: 2), seal: true))?.refusal == .diskFull)
        #expect(bench.submit(batch(2, 0, seal: true))?.submitted == [1, 2, 1])
        bench.core.diskMeasured(isLow: false)
        #expect(bench.submit(SubmitBatch(key: SubmissionKey(high: 2, low: 2), seal: true))?.submitted == [2, 0, 1])
        // What ends makes room.
        #expect(bench.cancel(JobID(rawValue: 1))?.cancelled == [2, 0])
        _ = bench.submit(tasks: 3, key: 9)
        #expect(bench.core.unfinishedTaskCount == 3)
    }

    @Test("A job without tasks is finished when it is sealed")
    func empty() {
        let bench = CoreBench()
        let job = bench.submit(tasks: 0, key: 1)
        #expect(bench.core.summary(of: job)?.finishedAt == bench.now.wall)
        #expect(bench.disk.jobs[job]?.summary != nil)
    }
}
