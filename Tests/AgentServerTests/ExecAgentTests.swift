import AgentServer
import ClusterModel
import ClusterWire
import Foundation
import Settings
import Testing

/// Commands and noop tasks, from assignment to acknowledgement.
@Suite("An agent that runs commands", .timeLimit(.minutes(2)), .serialized)
struct ExecAgentTests {
    private let exec: [String: FlagValue] = [
        "policy.runners": ["exec"], "policy.commands": ["*"], "claude": "no-such-claude",
    ]
    private let noop: [String: FlagValue] = [
        "policy.runners": ["noop"], "offer-noop": "true", "claude": "no-such-claude",
    ]

    private func sh(_ script: String, timeout: Milliseconds = 0) -> TaskOptions {
        TaskOptions(runner: "exec", timeout: timeout, command: ["/bin/sh", "-c", script])
    }

    @Test("Without claude among its runners it starts without a CLI, runs commands, and shows no credential to them")
    func commands() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint, exec)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        #expect(hello.runners == ["exec"])
        #expect(hello.capacity == 2)
        try coordinator.welcome(hello, session: 5)
        let script = "echo \"$1/$CCO_TASK/$CCO_ATTEMPT/${ANTHROPIC_API_KEY-none}\"; touch here; ls; ls \"$TMPDIR\""
        let options = TaskOptions(runner: "exec", command: ["/bin/sh", "-c", script, "sh", "{line}"])
        for number in 1...2 as ClosedRange<UInt32> {
            try coordinator.assign(token(number), .text("a 'b'"), session: 5, options: options)
            let result = try #require(await coordinator.result())
            #expect(result.state == .succeeded)
            #expect(result.answer.text == "a 'b'/1.\(number)/1/none\nhere\n", "the folder was emptied in between")
            #expect(result.instance == "host1/exec-0")
            try coordinator.acknowledge(result)
        }
        try coordinator.assign(token(3), .text(""), session: 5, options: sh("echo oh >&2; exit 9"))
        let failed = try #require(await coordinator.result())
        #expect(failed.state == .failed)
        #expect(failed.error.class == "transient")
        #expect(failed.error.message.contains("exit code 9"))
        #expect(failed.error.detail == "oh\n")
        try coordinator.acknowledge(failed)
        try coordinator.assign(token(4), .text(""), session: 5, options: sh("sleep 1000", timeout: 300))
        let late = try #require(await coordinator.result())
        #expect(late.error.class == "timeout")
        try coordinator.acknowledge(late)
        server.stopNow()
        try await running.value
    }

    @Test("What the host's settings don't allow fails in words that name the setting, and takes no place")
    func policy() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(
            coordinator.endpoint, ["policy.runners": ["claude", "exec"], "policy.commands": ["echo"]])
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        #expect(hello.runners == ["claude", "exec"])
        try coordinator.welcome(hello, session: 5)
        let refused: [(TaskOptions, String)] = [
            (sh("echo x"), "policy.commands"), (TaskOptions(runner: "noop"), "policy.runners"),
            (TaskOptions(runner: "exec", directory: "/usr", command: ["echo"]), "policy.directories"),
        ]
        for (index, (options, word)) in refused.enumerated() {
            try coordinator.assign(token(UInt32(index)), .text(""), session: 5, options: options)
            let result = try #require(await coordinator.result())
            #expect(result.error.class == "permanent")
            #expect(result.error.message.contains(word))
            #expect(result.instance.isEmpty)
            try coordinator.acknowledge(result)
        }
        try coordinator.assign(
            token(9), .text("fine"), session: 5, options: TaskOptions(runner: "exec", command: ["echo", "{line}"]))
        #expect(try await coordinator.result()?.answer.text == "fine\n")
        server.stopNow()
        try await running.value
    }

    @Test("Commands and instances together are never more than the capacity; a cancelled command ends")
    func capacity() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(
            coordinator.endpoint, ["policy.runners": ["claude", "exec"], "policy.commands": ["*"]])
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        try coordinator.assign(token(1), .text(""), session: 5, options: sh("sleep 1000"))
        try coordinator.assign(token(2), .text("[[sleep: 60000]]"), session: 5)
        for (number, options) in [(3, sh("true")), (4, TaskOptions())] as [(UInt32, TaskOptions)] {
            try coordinator.assign(token(number), .text("x"), session: 5, options: options)
            let full = try #require(await coordinator.result())
            #expect(full.token == token(number).proto)
            #expect(full.error.class == "agent_left")
            #expect(full.notBurnt)
            try coordinator.acknowledge(full)
        }
        var cancel = Ccorchestrator_V1_CancelAttempts()
        cancel.tokens = [token(1).proto]
        try coordinator.send(.cancel(cancel))
        let cancelled = try #require(await coordinator.result())
        #expect(cancelled.token == token(1).proto)
        #expect(cancelled.state == .cancelled)
        try coordinator.acknowledge(cancelled)
        try coordinator.assign(token(5), .text(""), session: 5, options: sh("echo room"))
        let result = try #require(await coordinator.result())
        #expect(result.answer.text == "room\n")
        try coordinator.acknowledge(result)
        server.stopNow()
        let back = try #require(await coordinator.result())
        #expect(back.token == token(2).proto)
        try coordinator.acknowledge(back)
        try await running.value
    }

    @Test("A second signal kills commands and hands them back; nothing of them is left")
    func stopNow() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint, exec)
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        let note = agent.path + "/pid"
        try coordinator.assign(
            token(1), .text(""), session: 5,
            options: sh("trap '' TERM; echo $$ > \(note).new; mv \(note).new \(note); sleep 1000"))
        while !FileManager.default.fileExists(atPath: note) { try await Task.sleep(for: .milliseconds(5)) }
        let pid = try String(contentsOfFile: note, encoding: .utf8).dropLast()
        server.stopNow()
        let result = try #require(await coordinator.result())
        #expect(result.error.class == "agent_left")
        #expect(result.notBurnt)
        try coordinator.acknowledge(result)
        try await running.value
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(pid)"))
    }

    @Test("5,000 noop tasks are answered with their prompts, outlive the connection, and arrive whole after it")
    func noops() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let server = try agent.server(coordinator.endpoint, noop.merging(["noop-capacity": "6000"]) { $1 })
        let running = Task { try await server.run() }
        let first = try #require(await coordinator.hello())
        #expect(first.runners == ["noop"])
        #expect(first.capacity == 6000)
        try coordinator.welcome(first, session: 5)
        for frame in 0..<5 as Range<UInt32> {
            try coordinator.assign(frame * 1000..<(frame + 1) * 1000, session: 5, options: TaskOptions(runner: "noop"))
        }
        var seen: [UInt32: String] = [:]
        func take(_ results: [Ccorchestrator_V1_AttemptResult]) {
            for result in results where result.state == .succeeded { seen[result.token.index] = result.answer.text }
        }
        while seen.count < 5000 { take(try #require(await coordinator.results())) }
        #expect((0..<5000).allSatisfy { seen[$0] == "task \($0)" })
        try coordinator.acknowledge((0..<1500).map { token($0) })
        // What was not acknowledged is named in the next hello and sent again in the next session.
        try coordinator.send(.introduceYourself(.init()))
        let second = try #require(await coordinator.hello())
        #expect(second.running.isEmpty)
        #expect(Set(second.finished.map(\.index)) == Set(1500..<5000))
        seen = [:]
        try coordinator.welcome(second, session: 6)
        while seen.count < 3500 { take(try #require(await coordinator.results())) }
        #expect(Set(seen.keys) == Set(1500..<5000))
        server.stopNow()
        try await running.value

        // The rest is on the agent's disk for its next start.
        let next = try agent.server(coordinator.endpoint, noop)
        let nextRunning = Task { try await next.run() }
        let third = try #require(await coordinator.hello())
        #expect(third.finished.count == 3500)
        try coordinator.welcome(third, session: 7, abandon: (1500..<2000).map { token($0) })
        // What is finished is handed in all the same: nobody waits for it any more, so the coordinator sets it aside.
        seen = [:]
        while seen.count < 3500 { take(try #require(await coordinator.results())) }
        #expect(Set(seen.keys) == Set(1500..<5000))
        try coordinator.acknowledge((1500..<5000).map { token($0) })
        let outbox = try await coordinator.next { body -> Bool? in
            if case .heartbeat(let beat) = body, beat.outbox == 0 { true } else { nil }
        }
        #expect(outbox == true)
        next.stopNow()
        try await nextRunning.value
    }
}
