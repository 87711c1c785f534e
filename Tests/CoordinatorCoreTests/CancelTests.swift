import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("cancelArrived")
struct CancelTests {
    @Test("What waits ends at once; what runs is told, once, and ends when its agent says so")
    func job() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 4, key: 1)
        let agent = try #require(bench.hello(1, capacity: 3))
        let orders = bench.assign()
        bench.report(orders[2].token, from: agent, .failed, TaskFailure(.crash, "x"))
        #expect(bench.state(job, 2) == .backoff)
        #expect(bench.cancel(job)?.cancelled == [2, 2])
        #expect(bench.told == [orders[0].token, orders[1].token])
        #expect((0..<4).map { bench.state(job, $0) } == [.running, .running, .cancelled, .cancelled])
        // Again: told again, in case the first was lost; recorded once (the model would object).
        #expect(bench.cancel(job, [0, 0, 3])?.cancelled == [0, 1])
        #expect(bench.told == [orders[0].token])
        // An agent that comes back is told as well.
        _ = bench.hello(1, running: orders.prefix(2).map(\.token))
        #expect(bench.told == [orders[0].token, orders[1].token])
        bench.report(orders[0].token, from: agent, .cancelled)
        // It had done its work: a success stays one.
        bench.report(orders[1].token, from: agent, .succeeded)
        let counts = try #require(bench.core.summary(of: job)).counts
        #expect(counts.cancelled == 3 && counts.succeeded == 1 && bench.core.summary(of: job)?.finishedAt != nil)
        #expect(bench.cancel(job)?.cancelled == [0, 0])
        bench.pass(400_000)
        #expect(bench.core.unfinishedTaskCount == 0)
    }

    @Test("A cancelled attempt that fails, or is lost, is not tried again")
    func noRetry() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1)
        let agent = try #require(bench.hello(1))
        let orders = bench.assign()
        _ = bench.cancel(job)
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(.transient, "x"))
        #expect(bench.state(job, 0) == .cancelled)
        _ = bench.hello(1, incarnation: 2)
        #expect(bench.core.summary(of: job)?.counts.cancelled == 2)
        // Its result may still come: it is kept.
        bench.report(orders[1].token, from: agent)
        #expect(bench.disk.setAside.map(\.reason) == [.stale])
    }

    @Test("A job that is not whole takes nothing more")
    func unsealed() {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1, seal: false)
        #expect(bench.cancel(job, [1])?.cancelled == [1, 0])
        #expect(bench.core.summary(of: job)?.sealed == false && bench.core.summary(of: job)?.finishedAt == nil)
        #expect(bench.cancel(job)?.cancelled == [1, 0])
        #expect(bench.core.summary(of: job)?.finishedAt != nil)
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 2, tasks: [TaskSpec(prompt: .text("x"))])
        #expect(bench.submit(more)?.refusal == .jobSealed)
    }

    @Test("What isn't there is refused in words")
    func unknown() {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1)
        #expect(bench.cancel(JobID(rawValue: 9))?.refusal == .unknownJob)
        #expect(bench.cancel(job, [0, 2])?.refusal == .unknownTask)
        #expect(bench.state(job, 0) == .queued)
    }
}
