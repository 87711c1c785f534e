import AgentOutbox
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
        func accepts(_ number: UInt32, _ session: UInt64) -> Bool { ledger.accept(token(number), session: session) }
        func takes(_ introduction: UInt64, session: UInt64) -> Bool {
            ledger.welcomed(welcome(introduction, session: session))
        }
        #expect(!accepts(1, 0))
        _ = ledger.introduce()
        #expect(takes(1, session: 9))
        #expect(!accepts(1, 8))
        #expect(accepts(1, 9))
        #expect(!accepts(1, 9))
        let hello = ledger.introduce().hello
        #expect(hello.running == [token(1).proto])
        #expect(!accepts(2, 9), "a hello is unanswered")
        #expect(!takes(1, session: 10), "it answers the hello before")
        #expect(takes(2, session: 11))
        #expect(accepts(2, 11))
        ledger.finish(token(1))
        #expect(!accepts(1, 11), "its result is here")
        let last = ledger.introduce().hello
        #expect(last.running == [token(2).proto])
        #expect(last.finished == [token(1).proto])
        ledger.forget(token(1))
        #expect(ledger.finished.isEmpty)
    }
}

@Suite("Results until they are acknowledged")
struct ResultQueueTests {
    private func entry(_ number: UInt32, size: Int) throws -> OutboxEntry {
        OutboxEntry(token: token(number), bytes: try message(number, size: size).serializedBytes())
    }

    private func message(_ number: UInt32, size: Int) -> ResultQueue.Message {
        var message = ResultQueue.Message()
        message.token = token(number).proto
        message.answer.text = String(repeating: "x", count: size)
        return message
    }

    @Test("They go in order, in frames that are not overfilled, and again after 5 s or a new session")
    func repeats() throws {
        var queue = ResultQueue()
        for number in 0..<5 as Range<UInt32> { try queue.add([entry(number, size: 400)]) }
        var now = Instant.origin
        func next(_ maximumBytes: Int = 10_000) -> [UInt32] {
            queue.nextBatch(at: now, maximumBytes: maximumBytes).map(\.token.task.index)
        }
        #expect(next(1000) == [0, 1])
        #expect(next() == [2, 3, 4])
        #expect(next() == [])
        queue.remove([token(0)])
        now = now + .seconds(4)
        #expect(next() == [])
        now = now + .seconds(1)
        #expect(next() == [1, 2, 3, 4])
        queue.sessionBegan()
        #expect(next().count == 4)
    }

    @Test("One over 64 KiB waits until it is a blob")
    func oversize() throws {
        var queue = ResultQueue()
        try queue.add([entry(1, size: Limits.inlineContentBytes + 1)])
        try queue.add([entry(2, size: Limits.inlineContentBytes)])
        let small = queue.nextBatch(at: .origin)
        #expect(small.map(\.token.task.index) == [2])
        #expect(try queue.nextUpload()?.token == token(1))
        var replaced = message(1, size: 0)
        replaced.answer.blob.size = 70_000
        try queue.uploaded(token(1), replaced)
        #expect(try queue.nextUpload() == nil)
        let large = queue.nextBatch(at: .origin)
        #expect(large.map(\.token.task.index) == [1])
    }

    @Test("A frame is what the protocol's own writer would make of the same results")
    func frames() throws {
        let entries = [try entry(1, size: 3), try entry(2, size: 300), try entry(3, size: 20_000)]
        for session in [0, 1, 127, 128, 300, 1 << 63, .max] as [UInt64] {
            var expected = Ccorchestrator_V1_AgentMessage()
            expected.results.session = session
            expected.results.results = [message(1, size: 3), message(2, size: 300), message(3, size: 20_000)]
            #expect(try ResultFrame.bytes(session: session, entries) == expected.serializedBytes())
        }
    }

    @Test("A noop's result is what the protocol's own writer would make of it")
    func noops() throws {
        let blob = Content.blob(BlobRef(sha256: Array(repeating: 7, count: 32), size: 70_000))
        let texts = ["", "x", "é 👋🏽", String(repeating: "y", count: 127), String(repeating: "z", count: 60_000)]
        let tokens = [
            token(0), token(1), token(.max, attempt: .max),
            AttemptToken(store: StoreID(rawValue: 0), task: TaskID(packed: .max), attempt: 1),
        ]
        for content in texts.map(Content.text) + [blob] {
            for token in tokens {
                for time in [0, 1, 1_790_000_000_000] as [Int64] {
                    let time = WallTime(milliseconds: time)
                    let expected = AttemptResult(
                        token: token, state: .succeeded, answer: content, startedAt: time, finishedAt: time)
                    #expect(
                        try NoopResult.bytes(token, answer: content, at: time) == expected.proto.serializedBytes())
                }
            }
        }
    }

    @Test("What is acknowledged out of order, replaced or sent anew is counted once")
    func order() throws {
        var queue = ResultQueue()
        for number in 0..<3000 as Range<UInt32> { try queue.add([entry(number, size: 5)]) }
        var sent: [UInt32] = []
        for _ in 0..<3 { sent += queue.nextBatch(at: .origin).map(\.token.task.index) }
        #expect(sent == Array(0..<3000))
        queue.remove((0..<3000).filter { $0 % 3 != 0 }.shuffled().map { token(UInt32($0)) })
        #expect(queue.count == 1000)
        let later = Instant.origin + ResultQueue.repeatAfter
        #expect(queue.nextBatch(at: later).map(\.token.task.index) == (0..<3000).filter { $0 % 3 == 0 })
        try queue.add([entry(9, size: 6)])
        #expect(queue.nextBatch(at: later).map(\.token.task.index) == [9])
        queue.remove((0..<3000).map { token($0) })
        #expect(queue.isEmpty)
        #expect(queue.nextBatch(at: later + .seconds(60)).isEmpty)
    }
}
