import ClusterModel
import Testing

@testable import CoordinatorCore

@Suite("Conversations")
struct ConversationTests {
    private func spec(_ context: String, fork: String = "") -> TaskSpec {
        TaskSpec(prompt: .text("p"), context: context, fork: fork)
    }

    private func head(_ number: UInt8, turn: UInt32 = 1) -> ConversationHead {
        ConversationHead(
            transcript: BlobRef(sha256: Array(repeating: number, count: 32), size: 100), sessionID: "s\(number)",
            turn: turn, instance: "host1/0.1")
    }

    private func sent(_ bench: CoreBench) -> [(agent: AgentIndex, order: AttemptOrder)] {
        _ = bench.assign()
        return bench.effects.flatMap { effect -> [(agent: AgentIndex, order: AttemptOrder)] in
            if case .assign(let agent, let orders) = effect { return orders.map { (agent, $0) } }
            return []
        }
    }

    private func report(
        _ bench: CoreBench, _ one: (agent: AgentIndex, order: AttemptOrder), _ head: ConversationHead?,
        _ failure: TaskFailure? = nil, notBurnt: Bool = false
    ) {
        bench.core.resultArrived(
            AttemptResult(
                token: one.order.token, state: failure == nil ? .succeeded : .failed, failure: failure,
                startedAt: bench.now.wall, finishedAt: bench.now.wall, notBurnt: notBurnt, head: head),
            from: one.agent, at: bench.now)
        bench.settle()
    }

    private func stored(_ bench: CoreBench, _ job: JobID) -> [UInt32] {
        bench.disk.recoveredJob(job, whole: true)?.heads.map(\.index) ?? []
    }

    @Test("A turn goes on from the head that the one before it left, after a restart too; heads that are passed go")
    func heads() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: [spec("talk"), spec("talk"), spec("talk")], key: 1)
        _ = bench.join(1)
        var turn = try #require(sent(bench).first)
        #expect(turn.order.conversation == Conversation(context: "talk"))
        report(bench, turn, head(1))
        #expect(stored(bench, job) == [0])
        bench.restart()
        _ = bench.join(2)
        let again = try #require(bench.join(1))
        turn = try #require(sent(bench).first)
        var expected = head(1)
        expected.agent = AgentID(rawValue: 1)
        #expect(turn.order.conversation == Conversation(context: "talk", head: expected))
        #expect(turn.agent == again, "the agent that holds the context is known after a restart")
        report(bench, turn, head(2, turn: 2))
        #expect(stored(bench, job) == [1])
        turn = try #require(sent(bench).first)
        #expect(turn.order.conversation?.head?.sessionID == "s2")
        report(bench, turn, head(3, turn: 3))
        #expect(bench.isFinished(job) && stored(bench, job) == [2])
    }

    @Test("A failed turn leaves no head: its next attempt, and a turn that a person lets go on, have the last good one")
    func failedTurn() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: [spec("talk"), spec("talk"), spec("talk")], key: 1)
        _ = bench.join(1)
        report(bench, try #require(sent(bench).first), head(1))
        report(bench, try #require(sent(bench).first), nil, TaskFailure(.transient, "a slip"))
        bench.pass(600_000)
        _ = bench.join(1)
        let again = try #require(sent(bench).first)
        #expect(again.order.token.attempt == 2 && again.order.conversation?.head?.sessionID == "s1")
        // What a failed attempt might say of its conversation is not believed.
        report(bench, again, head(9), TaskFailure(.permanent, "no"))
        _ = bench.sweepAll()
        #expect(bench.states(job) == [.succeeded, .failed, .held] && stored(bench, job) == [0])
        #expect(bench.control(.release(TaskSelection(job: job)))?.changed == 1)
        #expect(try #require(sent(bench).first).order.conversation?.head?.sessionID == "s1")
    }

    @Test("A copy waits for its parent's last turn before it and begins as that left it, whatever the parent does then")
    func forks() throws {
        let bench = CoreBench()
        let job = bench.job(
            tasks: [spec("p"), spec("p"), spec("c", fork: "p"), spec("p"), spec("c")], key: 1)
        _ = bench.join(1)
        #expect(bench.states(job) == [.queued, .blocked, .blocked, .blocked, .blocked])
        report(bench, try #require(sent(bench).first), head(1))
        report(bench, try #require(sent(bench).first), head(2, turn: 2))
        let both = sent(bench)
        #expect(both.map(\.order.token.task.index) == [2, 3])
        #expect(both.map(\.order.conversation?.head?.sessionID) == ["s2", "s2"])
        #expect(both.map(\.order.conversation?.isFork) == [true, false])
        report(bench, both[1], head(3, turn: 3))
        #expect(stored(bench, job) == [1, 3], "the copy has not succeeded yet")
        bench.restart()
        // Its agent comes back without it.
        _ = bench.join(1)
        let retried = try #require(sent(bench).first)
        #expect(retried.order.token.attempt == 2 && retried.order.conversation?.isFork == true)
        report(bench, retried, head(4, turn: 3))
        #expect(stored(bench, job) == [2, 3])
        let next = try #require(sent(bench).first)
        #expect(next.order.conversation?.head?.sessionID == "s4" && next.order.conversation?.isFork == false)
    }

    @Test("A copy of nothing, and one that is not its context's first task, are refused")
    func refused() {
        let bench = CoreBench()
        for (tasks, word) in [
            ([spec("a", fork: "p")], "no task before it has"),
            ([spec("a"), spec("", fork: "a")], "no context of its own"),
            ([spec("p"), spec("a"), spec("a", fork: "p")], "not the first"), ([spec("a", fork: "a")], "no task before"),
        ] {
            let reply = bench.submit(
                SubmitBatch(
                    key: SubmissionKey(high: 0, low: 1), spec: JobSpec(), options: [TaskOptions()], tasks: tasks,
                    seal: true))
            guard case .refused(.invalid, let sentence) = reply else {
                Issue.record("\(String(describing: reply))")
                continue
            }
            #expect(sentence.contains(word))
        }
    }

    @Test("An interrupted turn goes on from where it was, with no attempt burnt, until one fails by itself")
    func heldTurn() throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), options: TaskOptions(maxAttempts: 2), count: 1, key: 1)
        _ = bench.join(1)
        let held = TaskFailure(.rateLimit, "held")
        let first = try #require(sent(bench).first)
        #expect(first.order.conversation == nil)
        report(bench, first, head(1, turn: 0), held, notBurnt: true)
        #expect(stored(bench, job) == [0])
        bench.restart()
        bench.pass(600_000)
        _ = bench.join(1)
        var next = try #require(sent(bench).first)
        #expect(next.order.conversation?.isContinuation == true && next.order.conversation?.context.isEmpty == true)
        // Lost with its agent, it is still there; failed by itself, the task begins anew.
        report(bench, next, nil, TaskFailure(.agentLeft, "left"))
        bench.pass(600_000)
        _ = bench.join(1)
        next = try #require(sent(bench).first)
        #expect(next.order.conversation?.head?.sessionID == "s1")
        report(bench, next, nil, TaskFailure(.transient, "a slip"))
        #expect(stored(bench, job).isEmpty)
        bench.pass(600_000)
        _ = bench.join(1)
        next = try #require(sent(bench).first)
        #expect(next.order.conversation == nil)
        report(bench, next, nil)
        #expect(bench.state(job) == .succeeded && stored(bench, job).isEmpty)
    }

    @Test("A task that has ended otherwise than well leaves nothing of its interrupted turn", arguments: [true, false])
    func heldTurnEnds(isCancelled: Bool) throws {
        let bench = CoreBench()
        let job = bench.job(JobSpec(), count: 2, key: 1)
        _ = bench.join(1)
        let both = sent(bench)
        for one in both { report(bench, one, head(1, turn: 0), TaskFailure(.rateLimit, "held"), notBurnt: true) }
        #expect(stored(bench, job) == [0, 1])
        if isCancelled {
            _ = bench.cancel(job)
        } else {
            bench.pass(600_000)
            _ = bench.join(1)
            for one in sent(bench) { report(bench, one, nil, TaskFailure(.permanent, "no")) }
        }
        #expect(bench.isFinished(job) && stored(bench, job).isEmpty)
    }

    @Test("A context's interrupted turn goes on from its own head, and the context from what it leaves")
    func heldTurnOfContext() throws {
        let bench = CoreBench()
        let job = bench.job(tasks: [spec("talk"), spec("talk"), spec("talk")], key: 1)
        _ = bench.join(1)
        report(bench, try #require(sent(bench).first), head(1))
        report(
            bench, try #require(sent(bench).first), head(2, turn: 1), TaskFailure(.rateLimit, "held"), notBurnt: true)
        #expect(stored(bench, job) == [0, 1])
        bench.pass(600_000)
        _ = bench.join(1)
        let turn = try #require(sent(bench).first)
        #expect(turn.order.conversation?.isContinuation == true && turn.order.conversation?.head?.sessionID == "s2")
        report(bench, turn, head(3, turn: 2))
        #expect(stored(bench, job) == [1])
        #expect(try #require(sent(bench).first).order.conversation?.head?.sessionID == "s3")
    }
}
