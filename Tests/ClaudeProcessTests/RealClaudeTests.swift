import ClusterModel
import Foundation
import Testing

@testable import ClaudeProcess

/// The real CLI against a Messages API on loopback. Without one these tests fail: what they prove no stand-in can.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct RealClaudeTests {
    private func started(_ api: TinyMessagesAPI, _ scratch: Scratch, _ options: TaskOptions = TaskOptions())
        async throws -> ClaudeInstance
    {
        let config = try scratch.directory("config")
        let agent = [
            "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-dummy",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        ]
        let plan = LaunchPlan(
            options: options,
            claudePath: try #require(realClaude, "no real claude: run `make setup`, or name one with CLAUDE="),
            guardPath: builtGuard, marker: UUID().uuidString,
            directory: try scratch.directory("work"), configDirectory: config,
            environment: InstanceEnvironment.make(from: agent, configDirectory: config, home: scratch.path))
        return try await ClaudeInstance.start(plan, name: "real", logger: testLogger)
    }

    private func result(_ ending: TurnEnding) throws -> TurnResult {
        guard case .result(let result) = ending else {
            Issue.record("no result: \(ending)")
            throw CancellationError()
        }
        return result
    }

    @Test("Turns, /clear, a change of model, an interrupt, the end")
    func conversation() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        #expect(try await ClaudeProbe.check(path: #require(realClaude)).contains("."))
        let instance = try await started(api, scratch)
        let claude = try #require(instance.claudePID)
        #expect(instance.claudeVersion?.isEmpty == false && isAlive(claude))

        let first = try result(await instance.runTurn("nonce-one /clear @nothing"))
        #expect(first.resultText?.contains("nonce-one /clear @nothing") == true)
        #expect(first.usage.inputTokens == 100 && first.usage.outputTokens == 20 && first.costMicroUSD > 0)
        #expect(
            Verdict.judge(.result(first), schemaAsked: false, timedOut: false, cancelled: false).state == .succeeded)
        let second = try result(await instance.runTurn("nonce-two"))
        #expect(second.costMicroUSD == first.costMicroUSD)
        #expect(api.requests.last?.contains("nonce-one") == true)

        let session = try await instance.clear()
        #expect(session != first.sessionID)
        let third = try result(await instance.runTurn("nonce-three"))
        #expect(third.sessionID == session)
        #expect(api.requests.last?.contains("nonce-three") == true)
        #expect(api.requests.last?.contains("nonce-one") == false)

        try await instance.setModel("claude-haiku-4-5")
        try await instance.setPermissionMode("dontAsk")
        _ = try result(await instance.runTurn("nonce-four"))
        #expect(api.requests.last?.contains(#""model":"claude-haiku-4-5""#) == true)

        async let silent = instance.runTurn("[silent]")
        #expect(await eventually(within: 10) { api.requests.last?.contains("[silent]") == true })
        #expect(await instance.interrupt())
        #expect(try result(await silent).terminalReason == "aborted_streaming")
        #expect(try result(await instance.runTurn("nonce-five")).resultText?.contains("nonce-five") == true)

        #expect(await instance.stop().exitCode == 0)
        #expect(!isAlive(claude))
    }

    @Test("Errors of the API and a denied tool, as the verdict sees them")
    func errors() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let instance = try await started(api, scratch)
        for (prompt, expected) in [
            ("[status 401]", ErrorClass.auth), ("[status 429]", .rateLimit), ("[status 529]", .overloaded),
            ("[status 500]", .transient),
            ("[status 400]", .permanent), ("[bash touch /nowhere/x]", .denied),
        ] {
            let ending = await instance.runTurn(prompt)
            let verdict = Verdict.judge(ending, schemaAsked: false, timedOut: false, cancelled: false)
            #expect(verdict.failure?.known == expected, "\(prompt): \(verdict.failure?.message ?? "succeeded")")
            if expected == .overloaded {
                #expect(try result(ending).retries == 1 && result(ending).lastRetryStatus == 529)
            }
            try await instance.clear()
        }
        await instance.stop()
    }

    @Test("An answer to a schema, allowed tools with blanks in their names")
    func schemaAndTools() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let schema = #"{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]}"#
        let options = TaskOptions(allowedTools: ["Bash(echo *)", "Bash(touch *)"], maxTurns: 5, schemaJSON: schema)
        let instance = try await started(api, scratch, options)
        let plain = try result(await instance.runTurn("question"))
        #expect(plain.structuredJSON == #"{"answer":"é 42"}"#)
        let ran = await instance.runTurn("[bash touch made]")
        #expect(Verdict.judge(ran, schemaAsked: false, timedOut: false, cancelled: false).state == .succeeded)
        #expect(FileManager.default.fileExists(atPath: "\(instance.plan.directory)/made"))
        await instance.stop()
    }

    @Test("Killed while a tool runs, nothing of it is left")
    func killedWithTool() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let instance = try await started(api, scratch, TaskOptions(allowedTools: ["Bash"]))
        async let turn = instance.runTurn("[bash echo $$ > shell; sleep 1000; true]")
        var shell: Int32?
        #expect(
            await eventually(within: 20) {
                // Not there yet, or not yet written.
                shell = (try? String(contentsOfFile: "\(instance.plan.directory)/shell", encoding: .utf8)).flatMap {
                    Int32($0.dropLast())
                }
                return shell != nil
            })
        let running = try #require(shell)
        #expect(isAlive(running))
        instance.kill()
        _ = await turn
        _ = await instance.ended
        #expect(!isAlive(running))
        #expect(OrphanSweep.sweep(marker: instance.plan.marker) == 0)
    }
}

/// Where the real CLI is: `CLAUDE`, else what `make setup` fetched. Nil: not on this machine.
let realClaude: String? = {
    let path =
        ProcessInfo.processInfo.environment["CLAUDE"] ?? FileManager.default.currentDirectoryPath + "/.dev/claude"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()
