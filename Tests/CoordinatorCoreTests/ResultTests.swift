import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("resultArrived")
struct ResultTests {
    @Test("A result ends its task once; what comes again, late or from elsewhere is set aside with its reason")
    func accepted() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 2, key: 1)
        let agent = try #require(bench.hello(1))
        let other = try #require(bench.hello(2))
        let orders = bench.assign()
        let token = orders[0].token
        // The token decides, not the connection it came over.
        bench.report(token, from: other)
        #expect(bench.state(job) == .succeeded && bench.disk.setAside.isEmpty)
        bench.report(token, from: agent)
        var foreign = orders[1].token
        foreign.store = StoreID(rawValue: 1)
        bench.report(foreign, from: agent)
        bench.report(
            AttemptToken(store: StoreID(rawValue: 7), task: TaskID(job: job, index: 2), attempt: 1), from: agent)
        bench.report(
            AttemptToken(store: StoreID(rawValue: 7), task: TaskID(job: JobID(rawValue: 9), index: 0), attempt: 1),
            from: agent)
        var early = orders[1].token
        early.attempt = 2
        bench.report(early, from: agent)
        #expect(bench.disk.setAside.map(\.reason) == [.stale, .otherStore, .unknownTask, .unknownTask, .stale])
        #expect(bench.core.setAsideCount == 5 && bench.state(job, 1) == .running)
        bench.report(orders[1].token, from: agent)
        let summary = try #require(bench.core.summary(of: job))
        #expect(
            summary.finishedAt != nil && summary.counts.succeeded == 2 && summary.usage.inputTokens == 6
                && summary.costMicroUSD == 10)
        bench.report(orders[1].token, from: agent)
        #expect(bench.disk.setAside.count == 6)
    }

    @Test(
        "A late result of an attempt that was given up counts while nobody was sent after it", arguments: [true, false])
    func late(succeeded: Bool) throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 1, key: 1)
        let agent = try #require(bench.hello(1))
        let token = try #require(bench.assign().first).token
        bench.pass(3000)
        bench.pass(27_000)
        #expect(bench.state(job) == .queued)
        bench.report(
            token, from: agent, succeeded ? .succeeded : .failed, succeeded ? nil : TaskFailure(.crash, "late"))
        #expect(bench.state(job) == (succeeded ? .succeeded : .backoff))
        // The place it still has in the queue is passed over.
        _ = bench.hello(1)
        #expect(bench.assign().isEmpty)
        if !succeeded {
            bench.report(token, from: agent, .failed, TaskFailure(.crash, "again"))
            #expect(bench.disk.setAside.map(\.reason) == [.stale])
            #expect(bench.disk.task(token.task)?.ended.map(\.row) == [1, 0])
            bench.pass(1000, heard: [agent])
            #expect(bench.assign().map(\.token.attempt) == [2])
        }
    }

    @Test("Every class: whether it is tried again, and whether it counts", arguments: ErrorClass.allCases)
    func classes(errorClass: ErrorClass) throws {
        let bench = CoreBench(CoreConfiguration(maxAttempts: 2))
        let job = bench.submit(tasks: 1, key: 1)
        let agent = try #require(bench.hello(1))
        var attempts: UInt32 = 0
        while let order = bench.assign().first, attempts < 5 {
            attempts += 1
            bench.report(order.token, from: agent, .failed, TaskFailure(errorClass, "it went wrong"))
            bench.pass(2500, heard: [agent])
            bench.pass(2500, heard: [agent])
            bench.pass(2500, heard: [agent])
            bench.pass(2500, heard: [agent])
        }
        let burns: Set<ErrorClass> = [.transient, .timeout, .crash]
        let free: Set<ErrorClass> = [.rateLimit, .overloaded, .lost, .agentLeft, .auth]
        #expect(attempts == (free.contains(errorClass) ? 5 : burns.contains(errorClass) ? 2 : 1))
        #expect(bench.state(job) == (free.contains(errorClass) ? .running : .failed))
        if !free.contains(errorClass) {
            #expect(bench.disk.task(TaskID(job: job, index: 0))?.end?.failure?.errorClass == errorClass.rawValue)
        }
    }

    @Test("A class of a newer version is final; none at all is a crash; an agent's own cancel is its leaving")
    func unknownClass() throws {
        let bench = CoreBench()
        let job = bench.submit(tasks: 3, key: 1)
        let agent = try #require(bench.hello(1))
        let orders = bench.assign()
        bench.report(orders[0].token, from: agent, .failed, TaskFailure(className: "new", message: "?"))
        bench.report(orders[1].token, from: agent, .failed)
        bench.report(orders[2].token, from: agent, .cancelled, TaskFailure(.cancelled, "shutting down"))
        #expect((0..<3).map { bench.state(job, $0) } == [.failed, .backoff, .backoff])
        #expect((1..<3).map { bench.disk.task(TaskID(job: job, index: $0))?.ended.last?.failures } == [1, 0])
    }

    @Test("Attempts: the task's own limit over the default, notBurnt counts nothing, maxAttemptsInAll ends it all")
    func limits() throws {
        let bench = CoreBench(CoreConfiguration(maxAttempts: 2, retryBase: 1, retryCap: 1, maxAttemptsInAll: 5))
        let own = bench.submit(tasks: 1, maxAttempts: 3, key: 1)
        let free = bench.submit(tasks: 1, key: 2)
        let agent = try #require(bench.hello(1))
        var tried: [JobID: UInt32] = [:]
        for _ in 0..<10 {
            for order in bench.assign() {
                tried[order.token.task.job] = order.token.attempt
                bench.report(
                    order.token, from: agent, .failed, TaskFailure(.crash, "x"), notBurnt: order.token.task.job == free)
            }
            bench.pass(10, heard: [agent])
        }
        #expect(tried == [own: 3, free: 5])
        let end = try #require(bench.disk.task(TaskID(job: free, index: 0))?.end)
        #expect(end.state == .failed && end.failure?.message.contains("given up after 5 attempts") == true)
    }

    @Test("Attempts that are lost again and again end too")
    func lostForever() throws {
        let bench = CoreBench(CoreConfiguration(maxAttemptsInAll: 3))
        let job = bench.submit(tasks: 1, key: 1)
        for round in 1...3 {
            _ = bench.hello(1, incarnation: UInt64(round))
            #expect(bench.assign().first?.token.attempt == UInt32(round))
        }
        _ = bench.hello(1, incarnation: 4)
        #expect(bench.state(job) == .failed)
        #expect(bench.disk.task(TaskID(job: job, index: 0))?.end?.failure?.known == .lost)
    }

    @Test("Backoff is drawn between nothing and a bound that doubles up to its cap")
    func backoff() {
        let configuration = CoreConfiguration(retryBase: 100, retryCap: 1000)
        var core = CoordinatorCore(storeID: StoreID(rawValue: 1), term: 1, configuration: configuration, seed: 3)
        for (failures, bound) in [
            (UInt32(0), Int64(100)), (1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (200, 1000),
        ] {
            let drawn = (0..<300).map { _ in core.backoff(after: failures).rawValue }
            #expect(drawn.allSatisfy { (0...bound).contains($0) })
            #expect((drawn.max() ?? 0) > bound * 9 / 10 && (drawn.min() ?? bound) < bound / 10, "after \(failures)")
        }
    }
}
