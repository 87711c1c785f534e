import ClusterModel
import Quotas
import Testing

@testable import CoordinatorCore

@Suite("Agents without a gateway")
struct UnmeteredTests {
    private func bench(_ limits: [(String, String)]) throws -> (CoreBench, AgentIndex) {
        let bench = CoreBench()
        let parsed = try limits.map { name, text in try BucketLimit(name: name, parsing: text) }
        try bench.core.openDesk(limits: parsed, isDurable: false, at: bench.now)
        let outcome = bench.core.agentIntroduced(
            AgentIntroduction(
                route: RouteHandle(rawValue: 1), id: AgentID(rawValue: 1), incarnation: 1, name: "bare", capacity: 50,
                isUnmetered: true), at: bench.now)
        bench.settle()
        guard case .welcomed(let agent, _) = outcome else { throw Refused() }
        return (bench, agent)
    }

    private struct Refused: Error {}

    private func left(_ bench: CoreBench, _ name: String) -> Int64? {
        bench.core.quotaStandings(at: bench.now.instant).first { $0.view.name == name }?.view.remaining
    }

    private func report(_ bench: CoreBench, _ token: AttemptToken, _ agent: AgentIndex, input: UInt64) {
        bench.core.resultArrived(
            AttemptResult(
                token: token, state: .succeeded, usage: Usage(inputTokens: input, outputTokens: 5),
                startedAt: bench.now.wall, finishedAt: bench.now.wall), from: agent, at: bench.now)
        bench.settle()
    }

    @Test("A task starts when what it will probably take is there, and not before")
    func reserved() throws {
        let (bench, agent) = try bench([("claude.requests", "60/min,burst=4")])
        _ = bench.submit(tasks: 20, key: 1)
        let first = bench.assign()
        #expect(first.count == 3, "the guard takes one of four")
        #expect(left(bench, "claude.requests") == 0 && bench.assign().isEmpty)
        let due = bench.core.nextDeadline
        #expect(due > bench.now.instant && due <= bench.now.instant + 1000)
        bench.pass(1000, heard: [agent])
        #expect(bench.assign().count == 1)
        #expect(bench.core.unmeteredAgents == ["bare"])
    }

    @Test("What it reports is settled, and the next are reserved by it")
    func settled() throws {
        let (bench, agent) = try bench([("claude.input_tokens", "60000/min,burst=20000")])
        let full = try #require(left(bench, "claude.input_tokens"))
        _ = bench.submit(tasks: 20, key: 1)
        let first = bench.assign()
        #expect(!first.isEmpty)
        report(bench, first[0].token, agent, input: 9000)
        #expect(try #require(left(bench, "claude.input_tokens")) <= full - 9000)
        bench.pass(60_000, heard: [agent])
        for order in first.dropFirst() { report(bench, order.token, agent, input: 9000) }
        bench.pass(60_000, heard: [agent])
        let before = try #require(left(bench, "claude.input_tokens"))
        let next = bench.assign()
        #expect(!next.isEmpty)
        #expect(left(bench, "claude.input_tokens") == before - 9000 * Int64(next.count))
    }

    @Test("A concurrency counts attempts; those of a lost agent are given back")
    func concurrency() throws {
        let (bench, agent) = try bench([("claude.concurrency", "concurrency=2")])
        _ = bench.submit(tasks: 5, key: 1)
        #expect(bench.assign().count == 2 && bench.assign().isEmpty)
        bench.pass(31_000)
        bench.pass(1)
        #expect(left(bench, "claude.concurrency") == 2)
        _ = agent
    }
}
