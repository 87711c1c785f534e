import ClusterModel
import Testing

@testable import CtlCommands

@Suite struct CLIOptionTests {
    @Test func flagsReachTheOptionsAndFilesAreReadAtOnce() throws {
        let folder = try ScratchFolder()
        let mcp = try folder.file(
            "mcp.json", "{ \"mcpServers\": {\"a\": {\"type\": \"http\", \"url\": \"http://x\"}} }")
        let job = try submission(
            "p", "--fallback-model", "a", "--fallback-model", "b,c", "--effort", "high", "--system-prompt", "be brief",
            "--append-system-prompt", "and kind", "--tools", "Read,Bash", "--mcp-config", mcp, "--settings",
            "{\"hooks\":{}}", "--agents", "{\"r\":{\"prompt\":\"p\",\"description\":\"d\"}}", "--add-dir", "/a",
            "--add-dir", "/b", "--env", "COLOUR=red")
        #expect(
            job.options == [
                TaskOptions(
                    environment: ["COLOUR=red"],
                    cli: CLIOptions(
                        fallbackModel: "a,b,c", effort: "high", systemPrompt: "be brief",
                        appendSystemPrompt: "and kind", tools: ["Read", "Bash"],
                        mcpConfigJSON: "{\"mcpServers\":{\"a\":{\"type\":\"http\",\"url\":\"http://x\"}}}",
                        settingsJSON: "{\"hooks\":{}}",
                        agentsJSON: "{\"r\":{\"description\":\"d\",\"prompt\":\"p\"}}", directories: ["/a", "/b"]))
            ])
    }

    @Test func aJobFileHoldsThemInlineOrNamesFilesBesideIt() throws {
        let folder = try ScratchFolder()
        _ = try folder.file("mcp.json", "{\"mcpServers\": {\"a\": {\"command\": \"x\"}}}")
        let file = try folder.file(
            "job.yaml",
            """
            system_prompt: all
            mcp_config: mcp.json
            tasks:
              - {prompt: a, tools: [], effort: low}
              - {prompt: b, system_prompt: mine, settings: {model: x}}
            """)
        let job = try submission("--file", file)
        let mcp = "{\"mcpServers\":{\"a\":{\"command\":\"x\"}}}"
        #expect(
            job.options.map(\.cli) == [
                CLIOptions(effort: "low", systemPrompt: "all", tools: ["none"], mcpConfigJSON: mcp),
                CLIOptions(systemPrompt: "mine", mcpConfigJSON: mcp, settingsJSON: "{\"model\":\"x\"}"),
            ])
    }

    @Test(arguments: [
        (["--effort", "much"], "--effort must be one of low, medium, high, xhigh, max"),
        (["--mcp-config", "{\"a\":1}"], "--mcp-config must hold \"mcpServers\", a mapping of names to servers"),
        (["--mcp-config", "{nope"], "--mcp-config is not JSON"),
        (["--mcp-config", "/nowhere/x"], "cannot read /nowhere/x"),
        (["--mcp-config", "{\"mcpServers\":{\"a\":{\"type\":\"http\"}}}"], "mcpServers.a.url must be text"),
        (["--mcp-config", "{\"mcpServers\":{\"a\":{\"type\":\"sdk\"}}}"], "mcpServers.a.type must be one of"),
        (["--agents", "{\"a\":{\"prompt\":\"x\"}}"], "a.description must be text"),
        (["--tools", "none,Read"], "none or default alone"), (["--add-dir", "x"], "absolute paths"),
        (["--system-prompt", " "], "--system-prompt is empty"),
        (["--system-prompt", String(repeating: "x", count: Limits.cliTextBytes + 1)], "the limit is 65536"),
        (["--runner", "exec", "--effort", "low", "--", "ls"], "\"effort\" is for the runner claude"),
        (["--runner", "noop", "--env", "A=1"], "\"env\" is for the runner exec"),
    ])
    func whatCantWorkIsRefusedWithItsPlace(flags: [String], words: String) {
        let sentence = refusal {
            let command = try CtlMain.parse(GlobalFlags.moveBehindVerb(["submit", "p"] + flags))
            _ = try #require(command as? Submit).options.submission()
        }
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test(arguments: [
        ("{\"type\":\"foo\"}", "type must be object"), ("{\"type\":\"string\"}", "type must be object"),
        ("{\"properties\":{\"a\":{\"type\":\"strin\"}}}", "properties.a.type must be one of"),
        ("{\"properties\":[]}", "properties must be an object"), ("{\"required\":\"a\"}", "required must be a list"),
        ("{\"properties\":{\"a\":{\"enum\":[]}}}", "properties.a.enum must be a list"),
        ("{\"properties\":{\"a\":{\"items\":3}}}", "properties.a.items must be a schema"),
        ("{\"anyOf\":[{\"type\":[\"null\",\"text\"]}]}", "anyOf.0.type must be one of"),
        ("{\"propertys\":{}}", "propertys is no word of JSON Schema"),
        ("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}", "$schema must be draft-07"),
    ])
    func aSchemaThatTheCLIWouldRefuseIsRefusedHere(schema: String, words: String) throws {
        let folder = try ScratchFolder()
        let file = try folder.file("schema.json", schema)
        let sentence = refusal { _ = try submission("p", "--schema", file) }
        #expect(sentence.contains(words), "\(sentence)")
        let good = try folder.file(
            "good.json",
            "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{\"type\":{\"type\":[\"string\",\"null\"]},\"l\":{\"items\":{\"enum\":[1]}}},\"required\":[\"l\"],\"additionalProperties\":false}"
        )
        _ = try submission("p", "--schema", good)
    }
}
