import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Tasks that crash what runs them")
struct PoisonTests {
    private let configuration = CoreConfiguration(maxAttempts: 10, retryBase: 1, retryCap: 1)

    @Test(
        "The third crash is the last, whatever failures of other kinds came between and over a restart",
        arguments: [false, true])
    func third(restarts: Bool) throws {
        let bench = CoreBench(configuration)
        let job = bench.job(JobSpec(), count: 1, key: 1)
        var agent = try #require(bench.join(1))
        for failure in [ErrorClass.crash, .transient, .rateLimit, .crash, .timeout] {
            bench.report(try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(failure, "x"))
            bench.pass(5, heard: [agent])
            #expect(bench.state(job) == .queued)
            if restarts {
                bench.restart()
                agent = try #require(bench.join(1))
            }
        }
        #expect(bench.disk.task(TaskID(job: job, index: 0))?.ended.map(\.crashes) == [1, 1, 1, 2, 2])
        let last = try #require(bench.assign().first)
        bench.report(last.token, from: agent, .failed, TaskFailure(.crash, "it fell over"))
        let end = try #require(bench.disk.task(TaskID(job: job, index: 0))?.end)
        #expect(end.state == .failed && end.failure?.known == .poison)
        #expect(
            end.failure?.message.contains("3 instances") == true && end.failure?.message.contains("fell over") == true)
    }

    @Test("Crashes that the agent calls its own fault are none")
    func notBurnt() throws {
        let bench = CoreBench(configuration)
        let job = bench.job(JobSpec(), count: 1, key: 1)
        let agent = try #require(bench.join(1))
        for _ in 0..<5 {
            bench.report(
                try #require(bench.assign().first).token, from: agent, .failed, TaskFailure(.crash, "x"), notBurnt: true
            )
            bench.pass(5, heard: [agent])
        }
        #expect(bench.state(job) == .queued)
    }

    @Test("A lost agent's attempt of a job that says so is held for a person")
    func onLost() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), options: TaskOptions(onLost: .hold), count: 1, key: 1)
        let agent = try #require(bench.join(1))
        let token = try #require(bench.assign().first).token
        bench.pass(3000)
        bench.pass(27_000)
        #expect(bench.state(job) == .held && bench.assign().isEmpty && bench.reasons(job).first == "held")
        // It comes back with the attempt: an operator has it in hand, so it is told to drop it. Its result would still count.
        _ = bench.hello(1, running: [token])
        #expect(bench.abandoned == [token] && bench.state(job) == .held)
        bench.report(token, from: agent)
        #expect(bench.state(job) == .succeeded)
        bench.restart()
        #expect(bench.isFinished(job))
    }
}
