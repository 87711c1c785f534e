import ClusterModel
import Foundation
import SwiftProtobuf
import Testing

@testable import ClusterWire

/// Through bytes and back, as it travels.
private func sent<M: Message>(_ message: M) throws -> M {
    try M(serializedBytes: try message.serializedBytes() as [UInt8])
}

@Suite("What travels comes back as it was")
struct RoundTripTests {
    private static let blob = BlobRef(sha256: (0..<32).map { UInt8($0 * 8) }, size: UInt64(Limits.blobBytes))
    private static let odd = "☃ \u{2028} \0 e\u{301} 🏳️‍🌈 \"'\\"

    @Test("BlobRef")
    func blobs() throws {
        #expect(try BlobRef(proto: sent(Self.blob.proto)) == Self.blob)
    }

    @Test(
        "Content",
        arguments: [
            .text(""), .text(odd), .text(String(repeating: "x", count: Limits.inlineContentBytes)), .blob(blob),
        ] as [Content])
    func content(content: Content) throws {
        #expect(try Content.from(proto: sent(content.proto)) == content)
    }

    @Test("Workspaces, and what was done to them")
    func workspaces() throws {
        let asked = Workspace(repository: "/r", ref: Self.odd, artifacts: [Self.odd, "x"], pushBranch: "b/{task}")
        #expect(try Workspace(proto: sent(asked.proto)) == asked)
        let outcome = WorkspaceOutcome(
            base: "abc", changes: [.init(kind: "M", path: Self.odd)], changeCount: 7, patch: .blob(Self.blob),
            artifacts: [.init(name: Self.odd, content: .text("")), .init(name: "y", content: .blob(Self.blob))],
            branch: "b")
        #expect(try WorkspaceOutcome(proto: sent(outcome.proto)) == outcome)
        #expect(try WorkspaceOutcome(proto: sent(WorkspaceOutcome(base: "x").proto)) == WorkspaceOutcome(base: "x"))
        var raw = outcome.proto
        raw.artifacts[0].raw = Data([1])
        #expect(throws: WireError.self) { try WorkspaceOutcome(proto: raw) }
        #expect(throws: WireError.self) { try Workspace(proto: Ccorchestrator_V1_Workspace()) }
        var many = asked.proto
        many.artifacts = Array(repeating: "x", count: Limits.artifactGlobs + 1)
        #expect(throws: WireError.self) { try Workspace(proto: many) }
    }

    @Test("No content")
    func noContent() throws {
        #expect(try Content.from(proto: sent(Ccorchestrator_V1_Content())) == nil)
    }

    @Test("AttemptToken, TaskID", arguments: [UInt32(1), .max])
    func tokens(number: UInt32) throws {
        let token = AttemptToken(
            store: StoreID(rawValue: .max), task: TaskID(job: JobID(rawValue: number), index: number), attempt: number)
        #expect(try AttemptToken(proto: sent(token.proto)) == token)
        var id = Ccorchestrator_V1_TaskID()
        id.job = UInt64(number)
        id.index = number
        #expect(try TaskID(proto: sent(id)) == token.task)
    }

    @Test("Usage")
    func usage() throws {
        let usage = Usage(inputTokens: .max, outputTokens: 1, cacheReadInputTokens: 2, cacheCreationInputTokens: 3)
        #expect(Usage(proto: try sent(usage.proto)) == usage)
    }

    @Test("TaskFailure, also of a class that is not known here")
    func failure() throws {
        let failure = TaskFailure(className: "of tomorrow", message: Self.odd, detail: Self.odd)
        #expect(TaskFailure(proto: try sent(failure.proto)) == failure)
    }

    @Test("TaskState: ends only", arguments: TaskState.allCases)
    func states(state: TaskState) {
        #expect(TaskState(proto: state.endProto) == (state.isEnd ? state : nil))
        #expect(TaskState(proto: .UNRECOGNIZED(99)) == nil)
    }

    @Test("AttemptResult, full and bare")
    func results() throws {
        let token = AttemptToken(
            store: StoreID(rawValue: 9), task: TaskID(job: JobID(rawValue: 2), index: 3), attempt: 4)
        let full = AttemptResult(
            token: token, state: .failed, answer: .text(Self.odd), structured: .blob(Self.blob),
            failure: TaskFailure(.timeout, "m", detail: "d"),
            usage: Usage(inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4),
            costMicroUSD: .max, sessionID: "s",
            instance: "i", startedAt: WallTime(milliseconds: -1), finishedAt: WallTime(milliseconds: .max),
            notBurnt: true,
            head: ConversationHead(
                transcript: Self.blob, sessionID: "a-B_9", turn: .max, agent: AgentID(rawValue: .max), instance: "i"))
        #expect(try AttemptResult(proto: sent(full.proto)) == full)
        let bare = AttemptResult(
            token: token, state: .succeeded, startedAt: WallTime(milliseconds: 0), finishedAt: WallTime(milliseconds: 0)
        )
        #expect(try AttemptResult(proto: sent(bare.proto)) == bare)
    }

    @Test("Conversation, full and bare; a session that could leave its folder is refused")
    func conversations() throws {
        let head = ConversationHead(transcript: Self.blob, sessionID: "s-1", turn: 3, instance: "i")
        for conversation in [
            Conversation(context: Self.odd, head: head, isFork: true),
            Conversation(context: "", head: head, isContinuation: true),
            Conversation(context: "c"),
        ] {
            #expect(try Conversation(proto: sent(conversation.proto)) == conversation)
        }
        for session in ["", "../x", "a/b", "-x", "a.b", String(repeating: "s", count: Limits.sessionBytes + 1)] {
            var proto = head.proto
            proto.sessionID = session
            #expect(throws: WireError.self) { _ = try ConversationHead(proto: proto) }
        }
        var proto = head.proto
        proto.transcript.size = UInt64(Limits.transcriptBytes) + 1
        #expect(throws: WireError.self) { _ = try ConversationHead(proto: proto) }
    }

    @Test("TaskOptions, full and default")
    func options() throws {
        let full = TaskOptions(
            priority: .critical, runner: "r", model: "m", permissionMode: "p", allowedTools: ["a", Self.odd],
            disallowedTools: ["b"], directory: "/d",
            timeout: Milliseconds(366 * 86_400_000), maxTurns: .max, budgetMicroUSD: .max,
            schemaJSON: String(repeating: "s", count: Limits.schemaBytes),
            maxAttempts: .max,
            cli: CLIOptions(
                fallbackModel: "f", effort: "max", systemPrompt: Self.odd.filter { $0 != "\0" },
                appendSystemPrompt: "a",
                tools: ["Read"], mcpConfigJSON: "{}", settingsJSON: "{}", agentsJSON: "{}", directories: ["/x", "/y"]))
        #expect(try TaskOptions(proto: sent(full.proto)) == full)
        let size = PoolSize(
            size: 8, limit: 20, because: "memory",
            counts: [InstanceCount(event: "created", reason: "task", count: .max)])
        #expect(try PoolSize(proto: sent(size.proto)) == size)
        #expect(try TaskOptions(proto: sent(TaskOptions().proto)) == TaskOptions())
        #expect(
            try TaskOptions(proto: sent(TaskOptions(priority: Priority(rawValue: 0)!).proto)).priority.rawValue == 0)
        #expect(TaskOptions(timeout: -5).proto.timeoutMs == 0)
    }

    @Test("TaskSpec, at its limits")
    func specs() throws {
        let spec = TaskSpec(
            prompt: .blob(BlobRef(sha256: Self.blob.sha256, size: UInt64(Limits.promptBytes))),
            name: String(repeating: "n", count: Limits.nameBytes),
            input: String(repeating: "i", count: Limits.inputBytes), options: .max,
            context: String(repeating: "c", count: Limits.contextBytes),
            fork: String(repeating: "f", count: Limits.contextBytes))
        #expect(try TaskSpec(proto: sent(spec.proto)) == spec)
    }
}

@Suite("What can't be taken is refused in words")
struct RefusalTests {
    /// The sentence, and that it names what is wrong.
    private func expect(_ parts: String..., location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
        let error = #expect(throws: WireError.self, sourceLocation: location) { try body() }
        for part in parts {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")", sourceLocation: location)
        }
    }

    private func blob(_ bytes: Int, _ size: UInt64) -> Ccorchestrator_V1_BlobRef {
        var message = Ccorchestrator_V1_BlobRef()
        message.sha256 = Data(repeating: 1, count: bytes)
        message.size = size
        return message
    }

    @Test("Blobs: the hash's length, the size")
    func blobs() {
        for bytes in [0, 31, 33] { expect("32 bytes", "not \(bytes)") { _ = try BlobRef(proto: blob(bytes, 1)) } }
        expect("\(Limits.blobBytes + 1)", "limit of \(Limits.blobBytes)") {
            _ = try BlobRef(proto: blob(32, UInt64(Limits.blobBytes + 1)))
        }
        var content = Ccorchestrator_V1_Content()
        content.blob = blob(5, 1)
        expect("32 bytes") { _ = try Content.from(proto: content) }
        content.text = String(repeating: "☃", count: Limits.inlineContentBytes / 3 + 1)
        expect("65538 bytes", "blob", "\(Limits.inlineContentBytes)") { _ = try Content.from(proto: content) }
    }

    @Test("Tokens and ids: numbers out of range")
    func tokens() {
        var id = Ccorchestrator_V1_TaskID()
        id.job = 1 << 32
        expect("4294967296", "range") { _ = try TaskID(proto: id) }
        var token = Ccorchestrator_V1_AttemptToken()
        expect("starts at 1") { _ = try AttemptToken(proto: token) }
        token.attempt = 1
        token.job = .max
        expect("\(UInt64.max)", "range") { _ = try AttemptToken(proto: token) }
    }

    @Test("Results: no end, a bad token, a bad answer")
    func results() {
        var message = Ccorchestrator_V1_AttemptResult()
        message.token.attempt = 1
        expect("no end state") { _ = try AttemptResult(proto: message) }
        message.state = .UNRECOGNIZED(77)
        expect("no end state") { _ = try AttemptResult(proto: message) }
        message.state = .succeeded
        message.structured.blob = blob(1, 1)
        expect("32 bytes") { _ = try AttemptResult(proto: message) }
        message.clearStructured()
        message.clearToken()
        expect("starts at 1") { _ = try AttemptResult(proto: message) }
    }

    @Test("Options: priority, schema, timeout")
    func options() {
        var message = Ccorchestrator_V1_TaskOptions()
        message.priority = 10
        expect("priority 10", "0 to 9") { _ = try TaskOptions(proto: message) }
        message.priority = .max
        expect("0 to 9") { _ = try TaskOptions(proto: message) }
        message.priority = 9
        message.schemaJson = String(repeating: "s", count: Limits.schemaBytes + 1)
        expect("schema of \(Limits.schemaBytes + 1)", "\(Limits.schemaBytes)") { _ = try TaskOptions(proto: message) }
        message.schemaJson = ""
        for timeout in [UInt64(366 * 86_400_000 + 1), .max] {
            message.timeoutMs = timeout
            expect("\(timeout)", "year") { _ = try TaskOptions(proto: message) }
        }
    }

    @Test("Tasks: prompt, name, input")
    func specs() {
        var message = Ccorchestrator_V1_TaskSpec()
        expect("no prompt") { _ = try TaskSpec(proto: message) }
        message.prompt.text = ""
        expect("no prompt") { _ = try TaskSpec(proto: message) }
        message.prompt.blob = blob(32, UInt64(Limits.promptBytes + 1))
        expect("prompt of \(Limits.promptBytes + 1)", "\(Limits.promptBytes)") { _ = try TaskSpec(proto: message) }
        message.prompt.text = "p"
        message.name = String(repeating: "n", count: Limits.nameBytes + 1)
        expect("name of 257", "256") { _ = try TaskSpec(proto: message) }
        message.name = ""
        message.input = String(repeating: "i", count: Limits.inputBytes + 1)
        expect("input of 4097", "4096") { _ = try TaskSpec(proto: message) }
    }

    @Test("A detail over its limit keeps its end, whole characters, within the limit", arguments: ["x", "ä", "☃", "🙂"])
    func detail(character: String) {
        var message = Ccorchestrator_V1_TaskError()
        message.detail = "begin" + String(repeating: character, count: Limits.failureDetailBytes) + "end"
        let detail = TaskFailure(proto: message).detail
        #expect(detail.utf8.count <= Limits.failureDetailBytes && detail.utf8.count > Limits.failureDetailBytes - 4)
        #expect(detail.hasSuffix(character + "end") && detail.hasPrefix(character) && !detail.contains("\u{FFFD}"))
    }

    @Test("Another major is refused for both sides to read; another minor is not")
    func versions() {
        var version = Ccorchestrator_V1_ProtocolVersion.current
        #expect(version.mismatch(with: "the agent") == nil)
        version.minor += 1
        #expect(version.mismatch(with: "the agent") == nil)
        version.major += 1
        let sentence = version.mismatch(with: "the agent") ?? ""
        #expect(
            sentence.contains("the agent speaks protocol 2.1") && sentence.contains("this 1.0")
                && sentence.contains("same version"))
        #expect(Ccorchestrator_V1_ProtocolVersion().mismatch(with: "it") != nil)
    }
}
