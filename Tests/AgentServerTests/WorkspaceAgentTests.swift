import AgentServer
import ClusterModel
import ClusterTestKit
import ClusterWire
import Foundation
import Settings
import Testing

/// Commands in git worktrees, from assignment to result.
@Suite("An agent with worktrees", .timeLimit(.minutes(2)), .serialized)
struct WorkspaceAgentTests {
    private func repository(_ agent: AgentUnderTest) throws -> String {
        let path = agent.path + "/repo"
        let code = try SpawnedProcess.shell(
            """
            git init -q -b main "$1"; cd "$1"; echo one > a.txt; git add -A
            git -c user.name=a -c user.email=b commit -q -m first
            """, [path], environment: ["HOME": agent.path])
        #expect(code == 0)
        return path
    }

    private func options(_ script: String, _ workspace: Workspace, directory: String = "") -> TaskOptions {
        TaskOptions(
            runner: "exec", directory: directory, timeout: 60_000, command: ["/bin/sh", "-ec", script],
            workspace: workspace)
    }

    @Test("Patches, artifacts and large contents come with results; the next command finds a clean worktree")
    func results() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        let blobs = try FakeBlobs(context: agent.context, keys: agent.keys)
        defer {
            coordinator.stop()
            blobs.stop()
        }
        let repository = try repository(agent)
        let server = try agent.server(
            coordinator.endpoint,
            [
                "policy.runners": ["exec"], "policy.commands": ["*"], "policy.repositories": .many([repository]),
                "claude": "no-such-claude",
            ])
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5, blobs: blobs.endpoint)
        let workspace = Workspace(repository: repository, ref: "main", artifacts: ["out/*"])
        let small =
            "test -z \"$(git status --porcelain --ignored)\"; echo two >> a.txt; mkdir out; echo kept > out/x; echo stray > s"
        for number in 1...2 as ClosedRange<UInt32> {
            try coordinator.assign(token(number), .text(""), session: 5, options: options(small, workspace))
            let result = try #require(await coordinator.result())
            #expect(result.state == .succeeded, "\(result.error)")
            #expect(result.workspace.changes.map(\.path) == ["a.txt", "out/x", "s"])
            #expect(result.workspace.changeCount == 3)
            #expect(result.workspace.base.utf8.count == 40)
            #expect(result.workspace.patch.content.text.contains("+two"))
            #expect(result.workspace.artifacts.map(\.content.text) == ["kept\n"])
            try coordinator.acknowledge(result)
        }
        let large = "mkdir out; head -c 100000 /dev/zero | tr '\\0' z > out/z; printf '\\377' > out/b"
        try coordinator.assign(token(3), .text(""), session: 5, options: options(large, workspace))
        let result = try #require(await coordinator.result())
        let outcome = try WorkspaceOutcome(proto: result.workspace)
        guard case .blob(let patch) = outcome.patch, case .blob(let zeros) = outcome.artifacts.last?.content,
            case .blob(let byte) = outcome.artifacts.first?.content
        else { throw WireError("not uploaded: \(outcome.artifacts.map(\.name))") }
        #expect(blobs.text(zeros.sha256)?.utf8.count == 100_000)
        #expect(byte.size == 1)
        #expect(blobs.text(patch.sha256)?.contains("+++ b/out/z") == true)
        try coordinator.acknowledge(result)
        server.stopNow()
        try await running.value
    }

    @Test(
        "A repository that the settings don't name, a ref that is not there and a push that is not allowed fail in words"
    )
    func refusals() async throws {
        let agent = try AgentUnderTest()
        let coordinator = try agent.coordinator()
        defer { coordinator.stop() }
        let repository = try repository(agent)
        let server = try agent.server(
            coordinator.endpoint,
            [
                "policy.runners": ["exec"], "policy.commands": ["*"], "policy.repositories": .many([repository]),
                "claude": "no-such-claude",
            ])
        let running = Task { try await server.run() }
        let hello = try #require(await coordinator.hello())
        try coordinator.welcome(hello, session: 5)
        let refused: [(TaskOptions, String)] = [
            (options("true", Workspace(repository: "https://example.invalid/x")), "policy.repositories"),
            (options("true", Workspace(repository: agent.path)), "policy.repositories"),
            (options("true", Workspace(repository: "ext::sh")), "no repository"),
            (options("true", Workspace(repository: repository, pushBranch: "x")), "policy.push"),
            (options("true", Workspace(repository: repository), directory: "/tmp"), "not in both"),
            (options("true", Workspace(repository: repository, ref: "nothing")), "nothing"),
        ]
        for (index, (options, word)) in refused.enumerated() {
            try coordinator.assign(token(UInt32(index)), .text(""), session: 5, options: options)
            let result = try #require(await coordinator.result())
            #expect(result.error.class == "permanent")
            #expect(result.error.message.contains(word), "\(result.error.message)")
            #expect(result.instance.isEmpty)
            try coordinator.acknowledge(result)
        }
        server.stopNow()
        try await running.value
    }
}
