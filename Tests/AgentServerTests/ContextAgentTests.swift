import AgentServer
import ClusterModel
import ClusterWire
import Crypto
import Foundation
import Settings
import Testing

@Suite("Contexts on an agent", .timeLimit(.minutes(2)), .serialized)
struct ContextAgentTests {
    /// An agent at a coordinator's service, with a blob endpoint.
    private struct Stage {
        let agent: AgentUnderTest
        let coordinator: FakeCoordinator
        let blobs: FakeBlobs
        let server: AgentServer
        let running: Task<Void, any Error>

        init(_ flags: [String: FlagValue] = [:]) async throws {
            agent = try AgentUnderTest()
            coordinator = try agent.coordinator()
            blobs = try FakeBlobs(context: agent.context, keys: agent.keys)
            server = try agent.server(coordinator.endpoint, flags)
            running = Task { [server] in try await server.run() }
            let hello = try #require(await coordinator.hello())
            try coordinator.welcome(hello, session: 5, blobs: blobs.endpoint)
        }

        /// Assigns a turn and waits for its result.
        func turn(
            _ number: UInt32, _ prompt: String, _ conversation: Conversation?, attempt: UInt32 = 1,
            options: TaskOptions = TaskOptions()
        ) async throws -> Ccorchestrator_V1_AttemptResult {
            try coordinator.assign(
                token(number, attempt: attempt), .text(prompt), session: 5, options: options,
                conversation: conversation)
            let result = try #require(await coordinator.result())
            #expect(result.token == token(number, attempt: attempt).proto)
            try coordinator.acknowledge(result)
            return result
        }

        func end() async throws {
            server.stopNow()
            try await running.value
            coordinator.stop()
            blobs.stop()
        }
    }

    private func head(_ result: Ccorchestrator_V1_AttemptResult) throws -> ConversationHead {
        #expect(result.hasHead)
        return try ConversationHead(proto: result.head)
    }

    @Test("A turn's transcript is with the coordinator before its result; the next turn goes to the same instance")
    func warm() async throws {
        let stage = try await Stage()
        let first = try await stage.turn(1, "NONCE-one", Conversation(context: "talk"))
        let one = try head(first)
        let text = try #require(stage.blobs.text(one.transcript.sha256))
        #expect(text.contains("NONCE-one") && text.utf8.count == Int(one.transcript.size) && text.hasSuffix("\n"))
        #expect(one.turn == 1 && one.sessionID == first.sessionID && one.instance == first.instance)
        let second = try await stage.turn(2, "NONCE-two [[recall]]", Conversation(context: "talk", head: one))
        #expect(second.instance == first.instance && second.sessionID == first.sessionID)
        #expect(second.answer.text.contains("NONCE-one"))
        let two = try head(second)
        #expect(two.turn == 2 && two.transcript != one.transcript)
        // Another task gets no word of it, though there is an instance that could serve it.
        let other = try await stage.turn(3, "[[recall]]", nil)
        #expect(!other.answer.text.contains("NONCE") && other.instance != first.instance && !other.hasHead)
        try await stage.end()
    }

    @Test("A turn that goes on from elsewhere, or from another state, has an instance launched from the transcript")
    func resumed() async throws {
        let stage = try await Stage(["instances": "1"])
        let one = try head(try await stage.turn(1, "NONCE-one", Conversation(context: "talk")))
        // Another task takes the only place.
        let other = try await stage.turn(2, "NONCE-other [[recall]]", nil)
        #expect(!other.answer.text.contains("NONCE-one"))
        let second = try await stage.turn(3, "[[recall]] NONCE-two", Conversation(context: "talk", head: one))
        #expect(second.answer.text.hasPrefix("NONCE-one ") && !second.answer.text.contains("NONCE-other"))
        #expect(second.sessionID == one.sessionID)
        // The same turn again, as after a result that came too late: from the state before, not from what the instance holds.
        let again = try await stage.turn(
            3, "[[recall]] NONCE-two", Conversation(context: "talk", head: one), attempt: 2)
        #expect(again.answer.text == second.answer.text && again.instance != second.instance)
        try await stage.end()
    }

    @Test("With a cap on its cost each turn has a launch of its own: the CLI counts from there")
    func capped() async throws {
        let stage = try await Stage(["instances": "1"])
        let options = TaskOptions(budgetMicroUSD: 1_000_000)
        let first = try await stage.turn(1, "NONCE-one", Conversation(context: "talk"), options: options)
        let second = try await stage.turn(
            2, "[[recall]]", Conversation(context: "talk", head: try head(first)), options: options)
        #expect(second.answer.text.contains("NONCE-one") && second.instance != first.instance)
        try await stage.end()
    }

    @Test("A copy goes its own way under a session of its own")
    func forked() async throws {
        let stage = try await Stage()
        let one = try head(try await stage.turn(1, "NONCE-one", Conversation(context: "talk")))
        let copy = try await stage.turn(
            2, "NONCE-copy [[recall]]", Conversation(context: "copy", head: one, isFork: true))
        #expect(copy.answer.text.contains("NONCE-one") && copy.sessionID != one.sessionID)
        let parent = try await stage.turn(3, "[[recall]]", Conversation(context: "talk", head: one))
        #expect(parent.answer.text.contains("NONCE-one") && !parent.answer.text.contains("NONCE-copy"))
        let next = try await stage.turn(4, "[[recall]]", Conversation(context: "copy", head: try head(copy)))
        #expect(next.answer.text.contains("NONCE-one NONCE-copy") && next.instance == copy.instance)
        try await stage.end()
    }

    @Test("A failed turn leaves nothing behind")
    func failedTurn() async throws {
        let stage = try await Stage()
        let one = try head(try await stage.turn(1, "NONCE-one", Conversation(context: "talk")))
        let failed = try await stage.turn(2, "NONCE-bad [[api-error: 400]]", Conversation(context: "talk", head: one))
        #expect(failed.state == .failed && !failed.hasHead)
        let again = try await stage.turn(2, "[[recall]]", Conversation(context: "talk", head: one), attempt: 2)
        #expect(again.answer.text.contains("NONCE-one") && !again.answer.text.contains("NONCE-bad"))
        try await stage.end()
    }

    @Test("An interrupted turn goes on by itself: the prompt is not said again")
    func continued() async throws {
        let stage = try await Stage()
        let one = try head(try await stage.turn(1, "NONCE-one", Conversation(context: "talk")))
        let going = try await stage.turn(
            2, "NONCE-never-said", Conversation(context: "", head: one, isContinuation: true))
        #expect(going.state == .succeeded && !going.hasHead && !going.answer.text.contains("NONCE-never-said"))
        try await stage.end()
    }

    @Test("A transcript that isn't there fails the attempt in words, and counts nothing")
    func missing() async throws {
        let stage = try await Stage()
        let gone = ConversationHead(
            transcript: BlobRef(sha256: Array(repeating: 1, count: 32), size: 10), sessionID: "s", turn: 1)
        let result = try await stage.turn(1, "x", Conversation(context: "talk", head: gone))
        #expect(result.state == .failed && result.notBurnt && result.error.message.contains("conversation"))
        let next = try await stage.turn(2, "[[say: fine]]", nil)
        #expect(next.state == .succeeded)
        try await stage.end()
    }

    @Test("A result that was not handed over is sent with its transcript by the next start")
    func nextStart() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let blobs = try FakeBlobs(context: agent.context, keys: agent.keys)
        defer { blobs.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        // Without a place for blobs the result waits.
        try coordinator.welcome(hello, session: 5)
        try coordinator.assign(token(1), .text("NONCE-one"), session: 5, conversation: Conversation(context: "talk"))
        _ = try await coordinator.next { body -> Bool? in
            if case .heartbeat(let beat) = body, beat.outbox == 1 { true } else { nil }
        }
        server.stopNow()
        try await running.value
        let next = try agent.server(coordinator.endpoint)
        let nextRunning = Task { try await next.run() }
        let again = try #require(await coordinator.hello())
        try coordinator.welcome(again, session: 6, blobs: blobs.endpoint)
        let result = try #require(await coordinator.result())
        let one = try head(result)
        #expect(blobs.text(one.transcript.sha256)?.contains("NONCE-one") == true)
        try coordinator.acknowledge(result)
        next.stopNow()
        try await nextRunning.value
    }
}
