import ClusterModel
import Foundation
import Testing

@testable import ClaudeProcess

/// What contexts rest on, seen with the real CLI.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct RealConversationTests {
    private func started(
        _ api: TinyMessagesAPI, _ scratch: Scratch, _ place: String, _ options: TaskOptions = TaskOptions(),
        resume: SessionResume? = nil
    ) async throws -> ClaudeInstance {
        let config = try scratch.directory(place + "-config")
        let agent = [
            "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-dummy",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        ]
        var plan = LaunchPlan(
            options: options,
            claudePath: try #require(realClaude, "no real claude: run `make setup`, or name one with CLAUDE="),
            guardPath: builtGuard, marker: UUID().uuidString,
            directory: try scratch.directory(place + ".work_1"), configDirectory: config,
            environment: InstanceEnvironment.make(from: agent, configDirectory: config, home: scratch.path))
        plan.resume = resume
        return try await ClaudeInstance.start(plan, name: place, logger: testLogger)
    }

    /// The turn, whose last message must be in the transcript.
    private func turn(_ instance: ClaudeInstance, _ prompt: String) async throws -> TurnResult {
        guard case .result(let result) = await instance.runTurn(prompt) else {
            Issue.record("no result of \(prompt)")
            throw CancellationError()
        }
        let last = try #require(result.lastMessageID, "\(prompt): no message had an id")
        let config = instance.plan.configDirectory
        let isThere = await eventually(within: 5) {
            guard let path = try? SessionFile.find(config: config, session: result.sessionID),
                let text = try? String(contentsOfFile: path, encoding: .utf8)
            else { return false }
            return text.contains(last)
        }
        #expect(isThere, "\(prompt): its last message is in the transcript")
        return result
    }

    private func place(_ session: String, of one: ClaudeInstance, for config: String, directory: String) throws {
        let source = try #require(try SessionFile.find(config: one.plan.configDirectory, session: session))
        let target = SessionFile.path(config: config, directory: directory, session: session)
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: source, toPath: target)
    }

    @Test("A conversation moves to another config folder and directory, and is copied, with nothing of a later turn")
    func moves() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let first = try await started(api, scratch, "first")
        let one = try await turn(first, "nonce-one")
        for name in ["second", "copy"] {
            try place(
                one.sessionID, of: first, for: try scratch.directory(name + "-config"),
                directory: try scratch.directory(name + ".work_1"))
        }
        _ = try await turn(first, "nonce-two")
        await first.stop()
        let second = try await started(
            api, scratch, "second", resume: SessionResume(session: one.sessionID))
        let three = try await turn(second, "nonce-three")
        #expect(three.sessionID == one.sessionID && three.costMicroUSD == one.costMicroUSD)
        let request = try #require(api.requests.last)
        #expect(request.contains("nonce-one") && request.contains("nonce-three") && !request.contains("nonce-two"))
        let session = try await second.clear()
        #expect(session != one.sessionID)
        _ = try await turn(second, "nonce-four")
        #expect(api.requests.last?.contains("nonce-one") == false)
        await second.stop()
        let copy = try await started(
            api, scratch, "copy", resume: SessionResume(session: one.sessionID, isFork: true))
        let five = try await turn(copy, "nonce-five")
        #expect(five.sessionID != one.sessionID && api.requests.last?.contains("nonce-one") == true)
        await copy.stop()
        await #expect(throws: InstanceFailure.self) {
            _ = try await started(api, scratch, "empty", resume: SessionResume(session: one.sessionID))
        }
    }

    @Test("The last message of a turn with tools, of one with a schema, and of an interrupted one is in the transcript")
    func lastMessages() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let schema = #"{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]}"#
        let asked = try await started(api, scratch, "schema", TaskOptions(maxTurns: 5, schemaJSON: schema))
        #expect(try await turn(asked, "question").structuredJSON != nil)
        await asked.stop()
        let instance = try await started(api, scratch, "tools", TaskOptions(allowedTools: ["Bash"]))
        _ = try await turn(instance, "[bash echo hello]")
        async let silent = turn(instance, "[silent]")
        #expect(await eventually(within: 10) { api.requests.last?.contains("[silent]") == true })
        #expect(await instance.interrupt())
        #expect(try await silent.terminalReason == "aborted_streaming")
        await instance.stop()
    }
}
