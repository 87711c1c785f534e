import ClusterModel
import Foundation
import Testing

@testable import ClaudeProcess

/// That the CLI's own options arrive: seen in what the real CLI asks the API, and in what its tools do.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct RealOptionsTests {
    /// A server of one tool, over standard input and output.
    private static let server = #"""
        #!/bin/sh
        while read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
          case $line in
          *'"initialize"'*) answer='{"protocolVersion":"2024-11-05","capabilities":{"tools":{}},"serverInfo":{"name":"paint","version":"1"}}';;
          *'"tools/list"'*) answer='{"tools":[{"name":"mix_colour","description":"mixes","inputSchema":{"type":"object"}}]}';;
          *) answer='{}';;
          esac
          [ -n "$id" ] && printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$answer"
        done
        """#

    private func instance(_ api: TinyMessagesAPI, _ scratch: Scratch, _ options: TaskOptions) async throws
        -> ClaudeInstance
    {
        let config = try scratch.directory("config")
        let agent = [
            "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-dummy",
            "CLAUDE_CODE_MAX_RETRIES": "1",
        ]
        let plan = LaunchPlan(
            options: options,
            claudePath: try #require(realClaude, "no real claude: run `make setup`, or name one with CLAUDE="),
            guardPath: builtGuard, marker: UUID().uuidString, directory: try scratch.directory("work"),
            configDirectory: config,
            environment: InstanceEnvironment.make(from: agent, configDirectory: config, home: scratch.path))
        return try await ClaudeInstance.start(plan, name: "real", logger: testLogger)
    }

    private func body(_ api: TinyMessagesAPI) throws -> [String: Any] {
        let last = try #require(api.requests.last)
        return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    }

    private func tools(_ api: TinyMessagesAPI) throws -> [String] {
        (try body(api)["tools"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }.sorted()
    }

    private func succeed(_ instance: ClaudeInstance, _ prompt: String) async {
        let ending = await instance.runTurn(prompt)
        let verdict = Verdict.judge(ending, schemaAsked: false, timedOut: false, cancelled: false)
        #expect(verdict.state == .succeeded, "\(verdict.failure?.message ?? "")")
    }

    @Test("System prompt, tools, an MCP server, effort, fallback and folders, also after /clear")
    func flags() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let server = try scratch.script("server.sh", Self.server)
        let extra = try scratch.directory("extra")
        let instance = try await instance(
            api, scratch,
            TaskOptions(
                cli: CLIOptions(
                    fallbackModel: "claude-haiku-4-5", effort: "low", systemPrompt: "You paint walls.",
                    appendSystemPrompt: "Only in blue.", tools: ["Read"],
                    mcpConfigJSON: #"{"mcpServers":{"paint":{"command":"\#(server)"}}}"#, directories: [extra])))
        await succeed(instance, "hello")
        let system = "\(try body(api)["system"] ?? "")"
        #expect(system.contains("You paint walls.") && system.contains("Only in blue."))
        let offered = try tools(api)
        #expect(offered.contains("Read") && !offered.contains("Bash"))
        #expect(offered.contains("mcp__paint__mix_colour"), "\(offered)")
        let request = try body(api)
        #expect("\(request)".contains("effort"), "\(request.keys.sorted())")
        try await instance.clear()
        await succeed(instance, "again")
        #expect("\(try body(api)["system"] ?? "")".contains("You paint walls."))
        #expect(try tools(api).contains("mcp__paint__mix_colour"))
        await instance.stop()
    }

    @Test("No tool at all; agents to delegate to")
    func noToolsAndAgents() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let bare = try await instance(api, scratch, TaskOptions(cli: CLIOptions(tools: [CLIOptions.noTools])))
        await succeed(bare, "hello")
        #expect(try tools(api).isEmpty)
        await bare.stop()
        let agents = #"{"mason":{"description":"lays bricks in rows","prompt":"You lay bricks."}}"#
        let lead = try await instance(api, scratch, TaskOptions(cli: CLIOptions(agentsJSON: agents)))
        await succeed(lead, "hello")
        #expect(api.requests.last?.contains("lays bricks in rows") == true)
        await lead.stop()
    }

    @Test("A variable and a hook of the task's settings do their work")
    func environmentAndSettings() async throws {
        let api = try TinyMessagesAPI()
        let scratch = try Scratch()
        let settings =
            #"{"hooks":{"UserPromptSubmit":[{"hooks":[{"type":"command","command":"touch \#(scratch.path)/hooked"}]}]}}"#
        let instance = try await instance(
            api, scratch,
            TaskOptions(
                allowedTools: ["Bash(printenv *)"], environment: ["COLOUR=red brick"],
                cli: CLIOptions(settingsJSON: settings)))
        await succeed(instance, "[bash printenv COLOUR]")
        #expect(api.requests.last?.contains("red brick") == true)
        #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/hooked"))
        await instance.stop()
    }
}
