import ClusterModel
import Foundation
import Settings
import Testing

@testable import AgentServer

@Suite("What an agent lets tasks tell the CLI")
struct ClaudePolicyTests {
    private func policy(_ flags: [String: FlagValue] = [:]) throws -> JobPolicy {
        let context = SettingsContext(
            environment: ["HOME": "/home/x", "PATH": "/usr/bin:/bin"], workingDirectory: "/", hostName: "h")
        let all = flags.merging(["claude": "/bin/true"]) { $1 }
        let settings = try AgentSettings(SettingsSource(program: .agent, flags: all, context: context))
        return JobPolicy(settings.policy, searchPath: "/usr/bin:/bin", isRoot: false)
    }

    private static let stdio = #"{"mcpServers":{"a":{"command":"x"}}}"#
    private static let http = #"{"mcpServers":{"a":{"type":"sse","url":"http://x"}}}"#

    @Test("Servers, settings and variables are off until they are allowed by name, and harmless options are not")
    func off() throws {
        let none = try policy()
        let refused: [(TaskOptions, String)] = [
            (TaskOptions(cli: CLIOptions(mcpConfigJSON: Self.stdio)), "policy.mcp"),
            (TaskOptions(cli: CLIOptions(mcpConfigJSON: Self.http)), "policy.mcp"),
            (TaskOptions(cli: CLIOptions(settingsJSON: "{}")), "policy.settings"),
            (TaskOptions(environment: ["A=1"]), "policy.environment"),
            (TaskOptions(cli: CLIOptions(directories: ["/usr"])), "policy.directories"),
            (TaskOptions(cli: CLIOptions(agentsJSON: #"{"a":{"hooks":{}}}"#)), "policy.settings"),
            (TaskOptions(cli: CLIOptions(agentsJSON: #"{"a":{"mcpServers":[{"b":{"command":"x"}}]}}"#)), "policy.mcp"),
            (
                TaskOptions(cli: CLIOptions(agentsJSON: #"{"a":{"permissionMode":"bypassPermissions"}}"#)),
                "policy.permission-modes"
            ),
        ]
        for (options, words) in refused {
            #expect(none.objection(to: options)?.contains(words) == true, "\(none.objection(to: options) ?? "allowed")")
        }
        let harmless = CLIOptions(
            fallbackModel: "m", effort: "low", systemPrompt: "s", appendSystemPrompt: "a", tools: ["Read"],
            agentsJSON: #"{"a":{"description":"d","prompt":"p","mcpServers":["there"]}}"#)
        #expect(none.objection(to: TaskOptions(cli: harmless)) == nil)
    }

    @Test("A kind of server is allowed, not the other; what is no server is told")
    func servers() throws {
        let http = try policy(["policy.mcp": .many(["http"])])
        #expect(http.objection(to: TaskOptions(cli: CLIOptions(mcpConfigJSON: Self.http))) == nil)
        #expect(http.objection(to: TaskOptions(cli: CLIOptions(mcpConfigJSON: Self.stdio)))?.contains("stdio") == true)
        for json in ["[]", "{", #"{"mcpServers":[]}"#, #"{"mcpServers":{"a":{"type":"sdk"}}}"#] {
            #expect(http.objection(to: TaskOptions(cli: CLIOptions(mcpConfigJSON: json))) != nil, "\(json)")
        }
    }

    @Test("Allowed settings still can't touch the credential, the gateway or a mode that is not allowed")
    func settings() throws {
        let allowing = try policy(["policy.settings": "true"])
        func objection(_ json: String) -> String? {
            allowing.objection(to: TaskOptions(cli: CLIOptions(settingsJSON: json)))
        }
        #expect(objection(#"{"hooks":{}}"#) == nil)
        #expect(objection(#"{"apiKeyHelper":"x"}"#)?.contains("apiKeyHelper") == true)
        #expect(objection(#"{"env":{"ANTHROPIC_BASE_URL":"x"}}"#)?.contains("ANTHROPIC_BASE_URL") == true)
        #expect(objection(#"{"env":{"A":"x"}}"#)?.contains("policy.environment") == true)
        #expect(objection(#"{"permissions":{"defaultMode":"bypassPermissions"}}"#)?.contains("bypass") == true)
    }

    @Test("Variables by name or beginning; what changes programs only in full")
    func variables() throws {
        let some = try policy(["policy.environment": .many(["LC_*", "PATH"])])
        func objection(_ entry: String) -> String? { some.objection(to: TaskOptions(environment: [entry])) }
        for entry in ["LC_ALL=C", "PATH=/x"] { #expect(objection(entry) == nil, "\(entry)") }
        for entry in ["LCX=1", "PATHS=1", "A=1", "CLAUDE_X=1"] { #expect(objection(entry) != nil, "\(entry)") }
        let any = try policy(["policy.environment": .many(["*"])])
        func anyObjection(_ entry: String) -> String? { any.objection(to: TaskOptions(environment: [entry])) }
        #expect(anyObjection("A=1") == nil)
        for entry in ["LD_PRELOAD=x", "NODE_OPTIONS=x", "BASH_ENV=x", "ANTHROPIC_API_KEY=x", "CCO_X=1", "HOME=/"] {
            #expect(anyObjection(entry) != nil, "\(entry)")
        }
    }
}
