import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Limits, at the limit")
struct LimitTests {
    @Test("A job's rows of options: the last that fits is taken, one more is refused, for a new priority too")
    func rows() {
        let bench = CoreBench()
        let full = (0..<Limits.optionsPerJob).map { TaskOptions(maxTurns: UInt32($0)) }
        let batch = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), options: full + [TaskOptions(model: "x")], tasks: bench.plain(1))
        #expect(bench.submit(batch)?.refusal == .invalid)
        let job = bench.job(options: full, tasks: bench.plain(2), key: 1)
        #expect(bench.control(.prioritize(TaskSelection(job: job, indexes: [0]), .high))?.refusal == .invalid)
        // All of them together need no row more.
        #expect(bench.control(.prioritize(TaskSelection(job: job), .high))?.changed == 2)
    }

    @Test("A task may name the last row, not one behind it")
    func row() {
        let bench = CoreBench()
        let options = [TaskOptions(), TaskOptions(maxTurns: 1)]
        let batch = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), options: options, tasks: bench.plain(1, options: 2), seal: true)
        #expect(bench.submit(batch)?.refusal == .invalid)
        let job = bench.job(options: options, tasks: bench.plain(1, options: 1), key: 1)
        #expect(bench.state(job) == .queued)
    }

    @Test("Different requirements over all jobs")
    func requirements() {
        let bench = CoreBench()
        let most = (0..<Limits.requirementKinds).map { TaskOptions(needs: [LabelRule(key: "k\($0)")]) }
        _ = bench.job(options: most, tasks: bench.plain(1), key: 1)
        let more = SubmitBatch(key: SubmissionKey(high: 0, low: 2), options: [TaskOptions()], tasks: bench.plain(1))
        #expect(bench.submit(more)?.refusal == .invalid)
        #expect(bench.job(options: most.suffix(1), tasks: bench.plain(1), key: 3) == JobID(rawValue: 2))
    }

    @Test("Tasks in a job with links to later ones")
    func forward() {
        let bench = CoreBench()
        func batch(_ key: UInt64, _ count: Int) -> SubmitBatch {
            var tasks = bench.plain(count)
            tasks[0].after = [TaskLink(index: 1)]
            return SubmitBatch(
                key: SubmissionKey(high: 0, low: key), options: [TaskOptions()], tasks: tasks, seal: true)
        }
        #expect(bench.submit(batch(1, Limits.tasksWithForwardLinks + 1))?.refusal == .invalid)
        #expect(bench.submit(batch(1, Limits.tasksWithForwardLinks))?.submitted?.first == 1)
    }

    @Test("The queue's length, and a full store")
    func queue() {
        let bench = CoreBench(CoreConfiguration(maxQueuedTasks: 3))
        _ = bench.job(JobSpec(), count: 3, key: 1)
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 2), options: [TaskOptions()], tasks: bench.plain(1), seal: true)
        #expect(bench.submit(more)?.refusal == .queueFull)
        _ = bench.cancel(JobID(rawValue: 1), [0])
        bench.core.diskMeasured(isLow: false, storeIsFull: true)
        #expect(bench.submit(more)?.refusal == .queueFull)
        bench.core.diskMeasured(isLow: false)
        #expect(bench.submit(more)?.submitted == [2, 1, 1])
    }

    @Test("A queue of which most has left keeps few of the entries")
    func stale() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 4000, key: 1)
        _ = bench.cancel(job, (1..<4000).map { $0 })
        _ = bench.job(JobSpec(), count: 1, key: 2)
        _ = bench.join(1, capacity: 1)
        let order = try #require(bench.assign().first)
        #expect(order.token.task == TaskID(job: job, index: 0))
        var queue = TaskQueue()
        for index in 0..<5000 as Range<UInt32> { _ = queue.insert(index) }
        for _ in 0..<4990 { queue.left() }
        var asked = 0
        func front() -> UInt32? {
            asked = 0
            return queue.front { index in
                asked += 1
                return index >= 10 && index < 20
            }
        }
        #expect(front() == 10 && asked > 5000, "all are looked through, and those that left go")
        #expect(front() == 10 && asked == 1)
        #expect(queue.entries(before: .max) == 10)
    }
}
