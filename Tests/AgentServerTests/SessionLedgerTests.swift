import ClusterModel
import ClusterWire
import Testing

@testable import AgentServer

@Suite("What agent and coordinator have agreed on")
struct SessionLedgerTests {
    private func ledger() -> SessionLedger {
        SessionLedger(
            identity: AgentIdentity(
                id: AgentID(rawValue: 1), incarnation: 2, name: "a", host: "h", pid: 3, runners: ["claude"],
                labels: [:],
                claudeVersion: "2"),
            capacity: 4)
    }

    private func welcome(_ introduction: UInt64, session: UInt64) -> Ccorchestrator_V1_Welcome {
        var welcome = Ccorchestrator_V1_Welcome()
        welcome.introduction = introduction
        welcome.session = session
        welcome.heartbeatMs = 1000
        return welcome
    }

    @Test("An attempt is taken only in the latest session, and only once")
    func accept() {
        var ledger = ledger()
        let answer1 = ledger.accept(token(1), session: 0)
        #expect(!answer1)
        _ = ledger.introduce()
        let answer2 = ledger.welcomed(welcome(1, session: 9))
        #expect(answer2)
        let answer3 = ledger.accept(token(1), session: 8)
        #expect(!answer3)
        let answer4 = ledger.accept(token(1), session: 9)
        #expect(answer4)
        let answer5 = ledger.accept(token(1), session: 9)
        #expect(!answer5)
        let hello = ledger.introduce().hello
        #expect(hello.running == [token(1).proto])
        let answer6 = ledger.accept(token(2), session: 9)
        #expect(!answer6, "a hello is unanswered")
        let answer7 = ledger.welcomed(welcome(1, session: 10))
        #expect(!answer7, "it answers the hello before")
        let answer8 = ledger.welcomed(welcome(2, session: 11))
        #expect(answer8)
        let answer9 = ledger.accept(token(2), session: 11)
        #expect(answer9)
        ledger.finish(token(1))
        let answer10 = ledger.accept(token(1), session: 11)
        #expect(!answer10, "its result is here")
        let last = ledger.introduce().hello
        #expect(last.running == [token(2).proto])
        #expect(last.finished == [token(1).proto])
        ledger.forget(token(1))
        #expect(ledger.finished.isEmpty)
    }
}

@Suite("Results until they are acknowledged")
struct ResultQueueTests {
    private func message(_ number: UInt32, size: Int) -> ResultQueue.Message {
        var message = ResultQueue.Message()
        message.token = token(number).proto
        message.answer.text = String(repeating: "x", count: size)
        return message
    }

    @Test("They go in order, in frames that are not overfilled, and again after 5 s or a new session")
    func repeats() throws {
        var queue = ResultQueue()
        for number in 0..<5 as Range<UInt32> { try queue.add(token(number), message(number, size: 400)) }
        var now = Instant.origin
        let first = queue.nextBatch(at: now, maximumBytes: 1000)
        #expect(first.map(\.token.index) == [0, 1])
        #expect(queue.nextBatch(at: now, maximumBytes: 10_000).map(\.token.index) == [2, 3, 4])
        #expect(queue.nextBatch(at: now).isEmpty)
        queue.remove(token(0))
        now = now + .seconds(4)
        #expect(queue.nextBatch(at: now).isEmpty)
        now = now + .seconds(1)
        #expect(queue.nextBatch(at: now).map(\.token.index) == [1, 2, 3, 4])
        queue.sessionBegan()
        #expect(queue.nextBatch(at: now).count == 4)
    }

    @Test("One over 64 KiB waits until it is a blob")
    func oversize() throws {
        var queue = ResultQueue()
        try queue.add(token(1), message(1, size: Limits.inlineContentBytes + 1))
        try queue.add(token(2), message(2, size: Limits.inlineContentBytes))
        #expect(queue.nextBatch(at: .origin).map(\.token.index) == [2])
        #expect(queue.nextUpload()?.token == token(1))
        var replaced = message(1, size: 0)
        replaced.answer.blob.size = 70_000
        try queue.uploaded(token(1), replaced)
        #expect(queue.nextUpload() == nil)
        #expect(queue.nextBatch(at: .origin).map(\.token.index) == [1])
    }
}
