import AgentServer
import ClusterModel
import ClusterWire
import Crypto
import Foundation
import Logging
import ServiceLifecycle
import Testing
import ZeroMQ

@Suite("An agent and a coordinator", .timeLimit(.minutes(2)), .serialized)
struct AgentServerTests {
    @Test("One prompt runs, its result is repeated until acknowledged, and TERM ends with a goodbye")
    func onePrompt() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let group = ServiceGroup(
            services: [try agent.server(coordinator.endpoint)], logger: Logger(label: "test"))
        let running = Task { try await group.run() }
        let hello = try #require(await coordinator.hello())
        #expect(hello.name == "host1")
        #expect(hello.capacity == 2)
        #expect(hello.agentID != 0)
        #expect(hello.running.isEmpty && hello.finished.isEmpty)
        try coordinator.welcome(hello, session: 5)
        try coordinator.assign(token(1), .text("[[say: hello there]]"), session: 5)
        let result = try #require(await coordinator.result())
        #expect(result.state == .succeeded)
        #expect(result.answer.text.contains("hello there"))
        #expect(result.instance == "host1/0.1")
        #expect(result.usage.outputTokens > 0)
        let again = try #require(await coordinator.result())
        #expect(again.token == result.token, "without an acknowledgement it comes again")
        await group.triggerGracefulShutdown()
        let heartbeat = try await coordinator.next { body -> String? in
            if case .heartbeat(let beat) = body, beat.capacity == 0 { beat.heldBecause } else { nil }
        }
        #expect(heartbeat == "the agent is leaving")
        try coordinator.acknowledge(result)
        let session = try await coordinator.next { body -> UInt64? in
            if case .goodbye(let goodbye) = body { goodbye.session } else { nil }
        }
        #expect(session == 5)
        try await running.value
    }

    @Test("Work of an older session is dropped; a result outlives the agent's process and is named in its next hello")
    func sessionsAndOutbox() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let first = try #require(await coordinator.hello())
        try coordinator.assign(token(1), .text("too early"), session: 4)
        try coordinator.welcome(first, session: 5)
        try coordinator.assign(token(2), .text("too old"), session: 4)
        try coordinator.assign(token(3), .text("[[say: right]]"), session: 5)
        let result = try #require(await coordinator.result())
        #expect(result.token == token(3).proto)
        try coordinator.send(.introduceYourself(.init()))
        let second = try #require(await coordinator.hello())
        #expect(second.introduction > first.introduction)
        #expect(second.finished == [token(3).proto])
        #expect(second.running.isEmpty)
        try coordinator.assign(token(4), .text("before the welcome"), session: 5)
        server.stopNow()
        try await running.value

        let next = try agent.server(coordinator.endpoint)
        let nextRunning = Task { try await next.run() }
        let third = try #require(await coordinator.hello())
        #expect(third.agentID == first.agentID)
        #expect(third.incarnation != first.incarnation)
        #expect(third.finished == [token(3).proto])
        try coordinator.welcome(third, session: 6)
        let repeated = try #require(await coordinator.result())
        #expect(repeated.token == token(3).proto)
        try coordinator.acknowledge(repeated)
        next.stopNow()
        try await nextRunning.value
    }

    @Test("Work goes on while the coordinator is away, and its result comes when it is back")
    func coordinatorAway() async throws {
        let agent = try AgentUnderTest()
        let zap = try ZAPHandler(context: agent.context) { _ in .allow(userID: "test") }
        let coordinator = try agent.coordinator(zap: zap)
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        try coordinator.assign(token(1), .text("[[sleep: 1500]] [[say: done alone]]"), session: 5)
        _ = try await coordinator.next { body -> Bool? in
            if case .heartbeat(let beat) = body, beat.busy == 1 { true } else { nil }
        }
        coordinator.stop()
        try await Task.sleep(for: .seconds(2))
        let back = try agent.coordinator(port: coordinator.port, zap: zap)
        defer { back.stop() }
        let again = try #require(await back.hello())
        #expect(again.finished == [token(1).proto])
        try back.welcome(again, session: 6)
        let result = try #require(await back.result())
        #expect(result.answer.text.contains("done alone"))
        try back.acknowledge(result)
        server.stopNow()
        try await running.value
    }

    @Test("What the host's policy doesn't allow fails in words, before an instance is taken")
    func policy() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        let wrong: [(TaskOptions, String)] = [
            (TaskOptions(runner: "exec"), "the runner exec"), (TaskOptions(directory: "/usr"), "policy.directories"),
            (TaskOptions(directory: "/nowhere-at-all"), "is not there"),
            (TaskOptions(permissionMode: "bypassPermissions"), "policy.permission-modes"),
        ]
        for (number, (options, words)) in wrong.enumerated() {
            try coordinator.assign(token(UInt32(number)), .text("hello"), session: 5, options: options)
            let result = try #require(await coordinator.result())
            #expect(result.state == .failed)
            #expect(result.error.class == "permanent")
            #expect(result.error.message.contains(words))
            #expect(result.instance.isEmpty)
            try coordinator.acknowledge(result)
        }
        server.stopNow()
        try await running.value
    }

    @Test(
        "A cancelled attempt is interrupted, an abandoned one stopped in silence, an unfinished one handed back by stopNow"
    )
    func endings() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        var hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        for number in [1, 2] as [UInt32] {
            try coordinator.assign(token(number), .text("[[sleep: 60000]]"), session: 5)
        }
        _ = try await coordinator.next { body -> Bool? in
            if case .heartbeat(let beat) = body, beat.busy == 2 { true } else { nil }
        }
        var cancel = Ccorchestrator_V1_CancelAttempts()
        cancel.session = 5
        cancel.tokens = [token(1).proto]
        try coordinator.send(.cancel(cancel))
        let cancelled = try #require(await coordinator.result())
        #expect(cancelled.token == token(1).proto)
        #expect(cancelled.state == .cancelled)
        try coordinator.acknowledge(cancelled)
        try coordinator.send(.introduceYourself(.init()))
        hello = try #require(await coordinator.hello())
        #expect(hello.running == [token(2).proto])
        try coordinator.welcome(hello, session: 6, abandon: [token(2)])
        try coordinator.assign(token(3), .text("[[sleep: 60000]]"), session: 6)
        _ = try await coordinator.next { body -> Bool? in
            if case .heartbeat(let beat) = body, beat.session == 6, beat.busy == 1, beat.outbox == 0 {
                true
            } else {
                nil
            }
        }
        try await Task.sleep(for: .milliseconds(500))
        server.stopNow()
        let left = try #require(await coordinator.result())
        #expect(left.token == token(3).proto)
        #expect(left.error.class == "agent_left")
        #expect(left.notBurnt)
        try coordinator.acknowledge(left)
        try await running.value
    }

    @Test("A final refusal ends the agent with its sentence, and so does another protocol")
    func refusal() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        _ = try #require(await coordinator.hello())
        var refusal = Ccorchestrator_V1_Refusal()
        refusal.code = "name_taken"
        refusal.message = "another agent has the name host1"
        refusal.final = true
        try coordinator.send(.refusal(refusal))
        let error = await #expect(throws: AgentError.self) { try await running.value }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("another agent has the name host1") == true)

        let other = try agent.server(coordinator.endpoint)
        let otherRunning = Task { try await other.run() }
        let hello = try #require(await coordinator.hello())
        var welcome = Ccorchestrator_V1_Welcome()
        welcome.protocol.major = 99
        welcome.introduction = hello.introduction
        try coordinator.send(.welcome(welcome))
        let mismatch = await #expect(throws: AgentError.self) { try await otherRunning.value }
        #expect(mismatch?.message.contains("protocol 99") == true)
    }

    @Test("A coordinator that falls silent is introduced to again")
    func silence() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let first = try #require(await coordinator.hello())
        let second = try #require(await coordinator.hello(), "the first was not answered")
        #expect(second.introduction == first.introduction + 1)
        try coordinator.welcome(second, session: 5, heartbeatMilliseconds: 200)
        #expect(await server.ready())
        server.stopNow()
        try await running.value
    }

    @Test("An answer over 64 KiB goes ahead as a blob, a prompt over 64 KiB is fetched and checked")
    func blobs() async throws {
        let agent = try AgentUnderTest()
        let zap = try ZAPHandler(context: agent.context) { _ in .allow(userID: "test") }
        let coordinator = try agent.coordinator(zap: zap)
        defer { coordinator.stop() }
        let store = try FakeBlobs(context: agent.context, keys: agent.keys)
        defer { store.stop() }
        let server = try agent.server(coordinator.endpoint)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5, blobs: store.endpoint)
        let long = String(repeating: "0123456789", count: 60_000)
        let blob = store.add("[[say: \(long)]]")
        try coordinator.assign(token(1), .blob(blob), session: 5)
        let result = try #require(await coordinator.result())
        #expect(result.state == .succeeded, "\(result.error.message)")
        let answer = try #require(store.text(Array(result.answer.blob.sha256)))
        #expect(answer.contains(long))
        #expect(UInt64(answer.utf8.count) == result.answer.blob.size)
        try coordinator.acknowledge(result)
        try coordinator.assign(token(2), .blob(store.addSpoiled("another")), session: 5)
        let spoiled = try #require(await coordinator.result())
        #expect(spoiled.error.class == "transient")
        #expect(spoiled.error.message.contains("another content"))
        #expect(spoiled.notBurnt)
        try coordinator.acknowledge(spoiled)
        server.stopNow()
        try await running.value
    }

    @Test("What is missing on the host is told in a sentence")
    func missing() async throws {
        let agent = try AgentUnderTest()
        let endpoint = "tcp://127.0.0.1:1"
        let bare = AgentServer(
            settings: try agent.settings(endpoint), environment: ["HOME": agent.path], logger: Logger(label: "test"))
        let credential = await #expect(throws: AgentError.self) { try await bare.run() }
        #expect(credential?.message.contains("ANTHROPIC_API_KEY") == true)
        for (path, words) in [
            (agent.path + "/none", "no Claude Code at"), ("/bin/true", "does not answer as Claude Code"),
        ] {
            let server = try agent.server(endpoint, ["claude": .one(path)])
            let error = await #expect(throws: AgentError.self) { try await server.run() }
            #expect(error?.code == .unusable)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        let guardless = try agent.server(endpoint, ["guard": .one(agent.path + "/none")])
        let error = await #expect(throws: AgentError.self) { try await guardless.run() }
        #expect(error?.message.contains("cc-guard") == true)
    }
}
