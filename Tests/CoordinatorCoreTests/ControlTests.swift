import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("controlArrived")
struct ControlTests {
    @Test("A paused queue and a paused job start nothing, over a restart too; what runs goes on")
    func pause() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 3, key: 1)
        let other = bench.job(JobSpec(isPaused: true), count: 1, key: 2)
        let agent = try #require(bench.join(1, capacity: 1))
        let first = try #require(bench.assign().first)
        #expect(bench.control(.pause(nil))?.changed == 1 && bench.control(.pause(nil))?.changed == 0)
        bench.report(first.token, from: agent)
        #expect(bench.assign().isEmpty && bench.reasons(job, 1).first == "queue_paused")
        bench.restart()
        _ = bench.join(1, capacity: 9)
        #expect(bench.core.isPaused && bench.assign().isEmpty)
        #expect(bench.control(.pause(job))?.changed == 1)
        #expect(bench.control(.resume(nil))?.changed == 1 && bench.control(.resume(nil))?.changed == 0)
        #expect(bench.assign().isEmpty && bench.reasons(job, 1) == ["paused"] && bench.reasons(other) == ["paused"])
        bench.restart()
        _ = bench.join(1, capacity: 9)
        #expect(bench.assign().isEmpty)
        #expect(bench.control(.resume(job))?.changed == 1 && bench.control(.resume(job))?.changed == 0)
        #expect(bench.sent() == ["\(job).1", "\(job).2"])
        #expect(bench.control(.resume(other))?.changed == 1 && bench.sent() == ["\(other).0"])
        #expect(bench.control(.pause(JobID(rawValue: 9)))?.refusal == .unknownJob)
    }

    @Test("Held tasks wait for a release, over a restart too; blocked ones and those in backoff can be held")
    func hold() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 1000, retryCap: 1000))
        let job = bench.job(
            tasks: bench.plain(3) + [TaskSpec(prompt: .text("x"), after: [TaskLink(index: 0)])], key: 1)
        let agent = try #require(bench.join(1, capacity: 1))
        bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.transient, "x"))
        #expect(bench.states(job) == [.backoff, .queued, .queued, .blocked])
        #expect(bench.control(.hold(TaskSelection(job: job, indexes: [0, 1, 1, 3])))?.changed == 3)
        #expect(bench.control(.hold(TaskSelection(job: job, indexes: [0])))?.changed == 0)
        #expect(bench.states(job) == [.held, .held, .queued, .held] && bench.reasons(job, 1).first == "held")
        #expect(bench.core.taskStates(of: job, from: 1, count: 1).first?.note == "held by the user")
        bench.pass(1000, heard: [agent])
        bench.restart()
        _ = bench.join(1, capacity: 9)
        #expect(bench.states(job) == [.held, .held, .queued, .held] && bench.sent() == ["\(job).2"])
        #expect(bench.control(.release(TaskSelection(job: job, indexes: [1, 3, 2])))?.changed == 2)
        #expect(bench.states(job) == [.held, .queued, .running, .blocked])
        #expect(bench.core.taskStates(of: job, from: 1, count: 1).first?.note == "")
        bench.restart()
        #expect(bench.states(job) == [.held, .queued, .running, .blocked])
        #expect(bench.control(.release(TaskSelection(job: job)))?.changed == 1)
        #expect(bench.states(job) == [.queued, .queued, .running, .blocked])
        #expect(bench.control(.hold(TaskSelection(job: job, indexes: [4])))?.refusal == .unknownTask)
    }

    @Test("Retry of an unfinished job's task starts its count of failures anew")
    func retry() throws {
        let bench = CoreBench(CoreConfiguration(retryBase: 1, retryCap: 1, poisonCrashes: 2))
        let job = bench.job(
            JobSpec(), options: TaskOptions(maxAttempts: 5), count: 2, key: 1, seal: false)
        let agent = try #require(bench.join(1, capacity: 1))
        for round in 1...2 {
            for attempt in 1...2 {
                let order = try #require(bench.assign().first)
                #expect(order.token.task.index == 0 && order.token.attempt == UInt32((round - 1) * 2 + attempt))
                bench.report(order.token, from: agent, .failed, TaskFailure(.crash, "x"))
                bench.pass(5, heard: [agent])
            }
            #expect(bench.state(job, 0) == .failed)
            #expect(bench.control(.retry(TaskSelection(job: job, indexes: [0, 1])))?.changed == 1)
        }
        bench.restart()
        #expect(bench.states(job) == [.queued, .queued])
        _ = bench.join(1, capacity: 1)
        // The record still has every attempt.
        #expect(bench.disk.task(TaskID(job: job, index: 0))?.ended.map(\.number.attempt) == [1, 2, 3, 4])
        #expect(bench.assign().first?.token.attempt == 5)
        #expect(bench.control(.retry(TaskSelection(job: JobID(rawValue: 9))))?.refusal == .unknownJob)
    }

    @Test("Failures of before a retry count no more, crash or not")
    func failures() throws {
        let bench = CoreBench(CoreConfiguration(maxAttempts: 2, retryBase: 1, retryCap: 1))
        let job = bench.job(JobSpec(), count: 1, key: 1, seal: false)
        let agent = try #require(bench.join(1))
        for attempt in 1...4 {
            bench.report(
                try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.transient, "x"))
            bench.pass(5, heard: [agent])
            #expect(bench.state(job) == (attempt % 2 == 0 ? .failed : .queued))
            if attempt == 2 { #expect(bench.control(.retry(TaskSelection(job: job)))?.changed == 1) }
        }
    }

    @Test("A finished job is read again for a retry, and finishes anew", arguments: [[], [1, 0]] as [[UInt32]])
    func reload(indexes: [UInt32]) throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 3, key: 1)
        let agent = try #require(bench.join(1, capacity: 3))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent)
        bench.report(orders[1].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        bench.report(orders[2].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        #expect(bench.isFinished(job))
        let selection = TaskSelection(job: job, indexes: indexes)
        #expect(bench.control(.retry(selection)) == nil)
        #expect(bench.effects.contains { if case .reload(job) = $0 { true } else { false } })
        #expect(bench.control(.retry(selection))?.refusal == .busy)
        #expect(bench.prune(olderThan: 0)?.pruned == [0, 0], "not while it is read")
        #expect(bench.reload(job)?.changed == (indexes.isEmpty ? 2 : 1))
        #expect(bench.states(job) == [.succeeded, .queued, indexes.isEmpty ? .queued : .failed])
        #expect(bench.reload(job) == nil, "nobody waits for it any more")
        bench.restart()
        _ = bench.join(1)
        let again = bench.assign()
        #expect(again.allSatisfy { $0.token.attempt == 2 } && again.count == (indexes.isEmpty ? 2 : 1))
        for order in again { bench.report(order.token, from: order.agent) }
        #expect(bench.isFinished(job) && bench.counts(job).succeeded == (indexes.isEmpty ? 3 : 2))
        // A job without failures is not read at all.
        if indexes.isEmpty { #expect(bench.control(.retry(selection))?.changed == 0) }
    }

    @Test("A reload that finds nothing to try again leaves the job finished; one that is gone is refused")
    func reloadNothing() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 2, key: 1)
        let agent = try #require(bench.join(1))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent)
        bench.report(orders[1].token, from: agent, .failed, TaskFailure(.permanent, "x"))
        _ = bench.control(.retry(TaskSelection(job: job, indexes: [0])))
        #expect(bench.reload(job)?.changed == 0 && bench.isFinished(job))
        _ = bench.control(.retry(TaskSelection(job: job)))
        bench.core.jobReloaded(job, nil, at: bench.now)
        bench.settle()
        #expect(bench.isFinished(job))
    }

    @Test("A new priority moves waiting work at once, all of a job or some, and is kept")
    func priority() throws {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 3, key: 1)
        let second = bench.job(JobSpec(), count: 3, key: 2)
        #expect(bench.control(.prioritize(TaskSelection(job: second), .critical))?.changed == 3)
        #expect(bench.control(.prioritize(TaskSelection(job: first, indexes: [2, 2]), .high))?.changed == 1)
        #expect(bench.control(.prioritize(TaskSelection(job: first, indexes: [2]), .high))?.changed == 0)
        bench.restart()
        _ = bench.join(1, capacity: 2)
        #expect(bench.sent() == ["\(second).0", "\(second).1"])
        _ = bench.hello(
            1, capacity: 9,
            running: (0...1).map {
                AttemptToken(store: StoreID(rawValue: 7), task: TaskID(job: second, index: $0), attempt: 1)
            })
        #expect(bench.sent() == ["\(second).2", "\(first).2", "\(first).0", "\(first).1"])
    }

    @Test("A new priority without a restart: listed lanes change their shelf")
    func priorityNow() {
        let bench = CoreBench()
        let first = bench.job(JobSpec(), count: 2, key: 1)
        let second = bench.job(JobSpec(), count: 2, key: 2)
        _ = bench.control(.prioritize(TaskSelection(job: second), .critical))
        _ = bench.control(.prioritize(TaskSelection(job: first), .low))
        let third = bench.job(JobSpec(), count: 1, key: 3)
        _ = bench.control(.prioritize(TaskSelection(job: first, indexes: [1]), .high))
        _ = bench.join(1)
        #expect(bench.sent() == ["\(second).0", "\(second).1", "\(first).1", "\(third).0", "\(first).0"])
    }

    @Test("A drained agent gets nothing, keeps what it has, and stays drained over a restart and over being forgotten")
    func drain() throws {
        let bench = CoreBench(CoreConfiguration(maxAgents: 1, forgetAgentsAfter: .seconds(60)))
        let job = bench.job(JobSpec(), count: 4, key: 1)
        var agent = try #require(bench.join(1, capacity: 1))
        let order = try #require(bench.assign().first)
        #expect(bench.control(.drain(agent: "host1"))?.changed == 1)
        #expect(bench.control(.drain(agent: "host1"))?.changed == 0)
        #expect(bench.agentState(agent) == .draining)
        bench.report(order.token, from: agent)
        #expect(bench.assign().isEmpty && bench.reasons(job, 1) == ["no_slot"])
        #expect(
            bench.core.why(TaskID(job: job, index: 1), at: bench.now)?.reasons[0].text.contains("is drained") == true)
        bench.restart()
        agent = try #require(bench.join(1, capacity: 1))
        #expect(bench.assign().isEmpty)
        // It leaves, another takes its place in the table, and leaves it again.
        bench.core.agentLeft(agent, session: bench.core.session(of: agent), at: bench.now)
        bench.settle()
        bench.pass(60_000)
        agent = try #require(bench.join(2, capacity: 1))
        #expect(bench.sent().count == 1)
        bench.core.agentLeft(agent, session: bench.core.session(of: agent), at: bench.now)
        bench.settle()
        bench.pass(60_000)
        _ = bench.join(1, capacity: 1)
        #expect(bench.assign().isEmpty)
        #expect(bench.control(.undrain(agent: "host1"))?.changed == 1 && bench.sent().count == 1)
        #expect(bench.control(.drain(agent: "nobody"))?.refusal == .unknownAgent)
    }

    @Test("Of two agents of one name the live one is drained")
    func sameName() throws {
        let bench = CoreBench()
        let first = try #require(bench.hello(1, name: "same"))
        bench.core.agentLeft(first, session: bench.core.session(of: first), at: bench.now)
        bench.settle()
        let second = try #require(bench.hello(2, name: "same"))
        #expect(bench.control(.drain(agent: "same"))?.changed == 1)
        #expect(bench.agentState(second) == .draining && bench.agentState(first) == .gone)
    }
}
