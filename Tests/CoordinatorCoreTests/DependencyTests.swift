import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Tasks that wait for tasks")
struct DependencyTests {
    private func task(_ after: [(UInt32, LinkCondition)] = []) -> TaskSpec {
        TaskSpec(prompt: .text("x"), after: after.map { TaskLink(index: $0.0, condition: $0.1) })
    }

    @Test("A diamond runs in its order, and its end waits for both sides")
    func diamond() throws {
        let bench = CoreBench()
        let job = bench.job(
            tasks: [task(), task([(0, .success)]), task([(0, .success)]), task([(1, .success), (2, .success)])], key: 1)
        _ = bench.join(1)
        #expect(bench.states(job) == [.queued, .blocked, .blocked, .blocked])
        #expect(bench.reasons(job, 3) == ["dependency", "dependency"])
        let first = bench.assign()
        #expect(first.map(\.token.task.index) == [0])
        bench.report(first[0].token, from: first[0].agent)
        let sides = bench.assign()
        #expect(sides.map(\.token.task.index) == [1, 2])
        bench.report(sides[0].token, from: sides[0].agent)
        #expect(bench.assign().isEmpty && bench.state(job, 3) == .blocked)
        bench.report(sides[1].token, from: sides[1].agent)
        #expect(bench.sent() == ["\(job).3"])
    }

    @Test("A failure skips what needs its success and lets go what waits for any end", arguments: [false, true])
    func failure(restarts: Bool) throws {
        let bench = CoreBench()
        let job = bench.job(
            tasks: [task(), task([(0, .success)]), task([(0, .end)]), task([(1, .success)]), task([(1, .end)])], key: 1)
        _ = bench.join(1)
        let first = try #require(bench.assign().first)
        bench.report(first.token, from: first.agent, .failed, TaskFailure(.permanent, "x"))
        if restarts {
            bench.restart()
            _ = bench.join(1)
        }
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.failed, .skipped, .queued, .skipped, .queued])
        let skipped = bench.disk.task(TaskID(job: job, index: 1))?.end
        #expect(skipped?.failure?.known == .dependency && skipped?.failure?.message.contains("failed") == true)
        bench.finishAll()
        #expect(bench.isFinished(job) && bench.counts(job).succeeded == 2)
    }

    @Test("A job that continues on failure skips nothing")
    func continues() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(continuesOnFailure: true), tasks: [task(), task([(0, .success)])], key: 1)
        _ = bench.join(1)
        bench.failAll()
        bench.finishAll()
        #expect(bench.states(job) == [.failed, .succeeded])
    }

    @Test("A link that is named twice must meet the stricter condition")
    func twice() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: [task(), task([(0, .end), (0, .success)])], key: 1)
        _ = bench.join(1)
        bench.failAll()
        _ = bench.sweepAll()
        #expect(bench.state(job, 1) == .skipped)
    }

    @Test("A task that comes after what it waits for has ended starts, or is skipped, at once")
    func late() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: [task(), task()], key: 1, seal: false)
        let agent = try #require(bench.join(1))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent)
        bench.report(orders[1].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        let more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 2,
            tasks: [task([(0, .success)]), task([(1, .success)]), task([(1, .end)])], seal: true)
        #expect(bench.submit(more)?.submitted == [1, 5, 1])
        _ = bench.sweepAll()
        #expect((2..<5).map { bench.state(job, $0) } == [.queued, .skipped, .queued])
    }

    @Test("Circles, links to oneself and to what never comes are refused, with the circle printed")
    func circles() {
        let bench = CoreBench()
        func refusal(_ tasks: [TaskSpec], seal: Bool = true) -> (RefusalCode, String)? {
            let batch = SubmitBatch(
                key: SubmissionKey(high: 0, low: 9), options: [TaskOptions()], tasks: tasks, seal: seal)
            if case .refused(let code, let why) = bench.submit(batch) { return (code, why) }
            return nil
        }
        let circle = refusal([task([(2, .success)]), task([(0, .end)]), task([(1, .success)])])
        #expect(circle?.0 == .cycle && circle?.1.contains("1.0 → 1.2 → 1.1 → 1.0") == true, "\(circle?.1 ?? "")")
        let own = refusal([task([(0, .success)])])
        #expect(own?.0 == .cycle && own?.1.contains("itself") == true)
        #expect(refusal([task([(1, .success)])])?.0 == .invalid)
        // A circle through the turns of a context: 0 waits for 1, which is the turn after it.
        let turns = refusal([
            TaskSpec(prompt: .text("a"), after: [TaskLink(index: 1)], context: "c"),
            TaskSpec(prompt: .text("b"), context: "c"),
        ])
        #expect(turns?.0 == .cycle)
        #expect(bench.core.jobCount == 0)
        // A forward link that is not a circle is good.
        #expect(refusal([task([(1, .success)]), task()]) == nil)
    }

    @Test("A circle that only a later batch closes is refused then")
    func later() {
        let bench = CoreBench()
        let job = bench.job(tasks: [task([(1, .success)])], key: 1, seal: false)
        var more = SubmitBatch(
            key: SubmissionKey(high: 0, low: 1), firstOptions: 1, firstIndex: 1, tasks: [task([(0, .success)])])
        #expect(bench.submit(more)?.refusal == .cycle)
        more.tasks = []
        more.seal = true
        #expect(bench.submit(more)?.refusal == .invalid, "sealed without what task 0 waits for")
        more.tasks = [task()]
        #expect(bench.submit(more)?.submitted == [1, 2, 1])
        _ = bench.join(1)
        #expect(bench.sent() == ["\(job).1"])
    }

    @Test("A task with more followers than a turn may tell lets all of them go, over some turns and a restart")
    func many() throws {
        let bench = CoreBench(CoreConfiguration(sweepPerTurn: 10))
        let job = bench.job(tasks: [task()] + (0..<35).map { _ in task([(0, .success)]) }, key: 1)
        let agent = try #require(bench.join(1, capacity: 1))
        let first = try #require(bench.assign().first)
        bench.report(first.token, from: agent)
        bench.sweep()
        #expect(bench.counts(job).queued == 10 && bench.core.hasSweeps)
        bench.sweep()
        #expect(bench.counts(job).queued == 20)
        bench.restart()
        #expect(bench.sweepAll() <= 2 && bench.counts(job).queued == 35 && bench.counts(job).blocked == 0)
    }

    @Test("A task that expired before it was told of a success, and is retried, is told of it once")
    func toldOnce() throws {
        let bench = CoreBench()
        var last = task([(0, .success), (1, .success)])
        last.options = 1
        let job = bench.job(
            options: [TaskOptions(), TaskOptions(expiresAfter: 1000)], tasks: [task(), task(), last], key: 1)
        let agent = try #require(bench.join(1))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent)
        bench.pass(1000, heard: [agent])
        #expect(bench.states(job) == [.succeeded, .running, .expired])
        #expect(bench.control(.retry(TaskSelection(job: job, indexes: [2])))?.changed == 1)
        #expect(bench.assign().isEmpty && bench.state(job, 2) == .blocked)
        bench.report(orders[1].token, from: agent)
        #expect(bench.sent() == ["\(job).2"])
    }

    @Test("A retry brings what it waits for with it, in order; what was cancelled stays")
    func retry() throws {
        let bench = CoreBench()
        let job = bench.job(
            tasks: [task(), task([(0, .success)]), task([(1, .success)]), task()], key: 1)
        let agent = try #require(bench.join(1))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.failed, .skipped, .skipped, .running])
        #expect(bench.control(.retry(TaskSelection(job: job, indexes: [2])))?.changed == 1)
        #expect(bench.states(job) == [.queued, .blocked, .blocked, .running])
        bench.restart()
        #expect(bench.states(job) == [.queued, .blocked, .blocked, .running])
        let again = try #require(bench.hello(1, running: [orders[1].token]))
        bench.report(orders[1].token, from: again)
        for index in 0..<3 {
            let order = try #require(bench.assign().first)
            #expect(order.token.task.index == UInt32(index) && order.token.attempt == (index == 0 ? 2 : 1))
            bench.report(order.token, from: again)
        }
        #expect(bench.isFinished(job) && bench.counts(job).succeeded == 4)
        let other = bench.job(tasks: [task(), task([(0, .success)]), task()], key: 2)
        #expect(bench.cancel(other, [0])?.cancelled == [1, 0])
        _ = bench.sweepAll()
        #expect(bench.states(other) == [.cancelled, .skipped, .queued])
        #expect(bench.control(.retry(TaskSelection(job: other, indexes: [1])))?.changed == 0)
        #expect(bench.states(other) == [.cancelled, .skipped, .queued])
    }
}
