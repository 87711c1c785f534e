import ClusterModel
import Foundation
import Testing

@testable import Settings

@Suite struct ProgramSettingsTests {
    private let examples = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("deploy/config")

    @Test func theCoordinatorsExampleSaysItsDefaults() throws {
        let file = examples.appendingPathComponent("coordinator.example.yaml").path
        let defaults = try CoordinatorSettings(SettingsSource(program: .coordinator, context: context()))
        let example = try CoordinatorSettings(
            SettingsSource(program: .coordinator, configFile: file, context: context()))
        #expect(example == defaults)
    }

    @Test func theAgentsExampleSaysItsDefaults() throws {
        let path = try Scratch()
        let surroundings = context(["PATH": try path.folderWithClaude()])
        let file = examples.appendingPathComponent("agent.example.yaml").path
        let defaults = try AgentSettings(SettingsSource(program: .agent, context: surroundings))
        let example = try AgentSettings(SettingsSource(program: .agent, configFile: file, context: surroundings))
        #expect(example == defaults)
    }

    /// A key stands in its example on a line of its own, commented out where its default is found at run time; all lines together are a valid file.
    @Test(arguments: [SettingsProgram.coordinator, .agent]) func anExampleHasEveryKey(program: SettingsProgram) throws {
        let name = program == .agent ? "agent.example.yaml" : "coordinator.example.yaml"
        let text = try String(contentsOf: examples.appendingPathComponent(name), encoding: .utf8)
        let leaves = Set(program.keys.filter { !$0.name.contains(".") }.map(\.name))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let bare = line.hasPrefix("# ") ? line.dropFirst(2) : line
            return leaves.contains(String(bare.prefix { $0 != ":" })) ? bare : line
        }
        let file = try ConfigFile(path: name, bytes: Array(lines.joined(separator: "\n").utf8), program: program)
        #expect(file.values.keys.sorted() == program.keys.map(\.name).sorted())
    }

    @Test(arguments: SettingsProgram.allCases) func aTableHasNoTwoKeysOfOneName(program: SettingsProgram) {
        #expect(Set(program.keys.map(\.name)).count == program.keys.count)
        #expect(Set(program.keys.map(\.flag)).count == program.keys.count)
        #expect(Set(program.keys.map(\.environmentName)).count == program.keys.count)
        #expect(program.keys.allSatisfy { !$0.help.isEmpty })
    }

    @Test func defaultPlacesFollowTheHomeAndTheStateDirectory() throws {
        let plain = try CoordinatorSettings(SettingsSource(program: .coordinator, context: context()))
        #expect(plain.dataDirectory == "/home/ann/.local/state/cc-orchestrator/coordinator")
        #expect(plain.secretFile == "/home/ann/.local/state/cc-orchestrator/loopback.secret")
        let moved = try CoordinatorSettings(
            SettingsSource(
                program: .coordinator, flags: ["data-dir": "/d"], context: context(["XDG_STATE_HOME": "/state"])))
        #expect(moved.dataDirectory == "/d")
        #expect(moved.secretFile == plain.secretFile, "all programs must find the same secret")
        let state = try CoordinatorSettings(
            SettingsSource(program: .coordinator, context: context(["XDG_STATE_HOME": "/state"])))
        #expect(state.dataDirectory == "/state/cc-orchestrator/coordinator")
        let homeless = sentence { () throws(SettingsError) in
            _ = try CoordinatorSettings(SettingsSource(program: .coordinator, context: context(["HOME": ""])))
        }
        #expect(homeless == "HOME is not set to an absolute path: set it, or give every path in full")
    }

    @Test func httpCanBeOff() throws {
        #expect(
            try CoordinatorSettings(
                SettingsSource(program: .coordinator, flags: ["http": "off"], context: context())
            ).http == nil)
    }

    @Test(
        arguments: [
            (["lease": "3s"], "lease (3s) must be longer than suspect-after (3s)"),
            (["suspect-after": "1s"], "suspect-after (1s) must be longer than heartbeat (1s)"),
            (["retry-cap": "500ms"], "retry-cap (500ms) must not be shorter than retry-base (1s)"),
            (["http": "127.0.0.1:7301"], "agents-endpoint and http both ask for port 7301: give each its own"),
        ] as [([String: FlagValue], String)]) func valuesThatContradictEachOther(
            flags: [String: FlagValue], expected: String
        )
    {
        let message = sentence { () throws(SettingsError) in
            _ = try CoordinatorSettings(SettingsSource(program: .coordinator, flags: flags, context: context()))
        }
        #expect(message?.hasSuffix(": " + expected) == true, "\(message ?? "accepted")")
    }

    @Test func freePortsMayRepeat() throws {
        let free: FlagValue = "tcp://127.0.0.1:*"
        let settings = try CoordinatorSettings(
            SettingsSource(
                program: .coordinator,
                flags: [
                    "agents-endpoint": free, "clients-endpoint": free, "blobs-endpoint": free, "http": "127.0.0.1:0",
                ],
                context: context()))
        #expect(settings.agentsEndpoint.port == 0)
        #expect(settings.http?.port == 0)
    }

    @Test func anAgentIsNamedForItsHost() throws {
        let scratch = try Scratch()
        var surroundings = context(["PATH": "/nowhere:" + (try scratch.folderWithClaude())])
        let settings = try AgentSettings(SettingsSource(program: .agent, context: surroundings))
        #expect(settings.name == "builder-1")
        #expect(settings.stateDirectory == "/home/ann/.local/state/cc-orchestrator/agent-builder-1")
        #expect(settings.claudePath == scratch.path + "/claude")
        surroundings.hostName = "my host"
        let odd = surroundings
        let message = sentence { () throws(SettingsError) in
            _ = try AgentSettings(SettingsSource(program: .agent, context: odd))
        }
        #expect(
            message?.hasPrefix("this host's name cannot be the agent's name; set --name to ") == true,
            "\(message ?? "")")
    }

    @Test(arguments: ["a b", "", "..", String(repeating: "x", count: 65), "é", "a/b"]) func badNames(name: String) {
        let message = sentence { () throws(SettingsError) in
            _ = try AgentSettings(SettingsSource(program: .agent, flags: ["name": .one(name)], context: context()))
        }
        #expect(message?.hasPrefix("--name: expected ") == true, "\(message ?? "accepted")")
    }

    @Test func aMissingClaudeIsToldWithWhatToDo() {
        let message = sentence { () throws(SettingsError) in
            _ = try AgentSettings(SettingsSource(program: .agent, context: context(["PATH": "/nowhere"])))
        }
        #expect(message == "claude was not found in PATH: install Claude Code, or name it with --claude PATH")
    }

    @Test(
        arguments: [
            (["instances": "0"], "--instances: expected a whole number from 1 to 1000, found \"0\""),
            (["policy.runners": ["shell"]], "--runner: expected one of claude, exec, noop, found \"shell\""),
            (["policy.runners": ["noop"]], "--runner: the runner noop is for benchmarks alone: it needs offer-noop"),
            (
                ["policy.commands": ["bin/x"]],
                "--policy-commands: a command is an absolute path, a name without a slash, or *, found \"bin/x\""
            ),
            (
                ["log-level": "loud"],
                "--log-level: expected one of trace, debug, info, notice, warning, error, critical, found \"loud\""
            ),
            (
                ["labels": ["bad name=1"]],
                "--label: a label's name is 1 to 64 of letters, digits, dot, underscore and dash, found \"bad name\""
            ),
        ] as [([String: FlagValue], String)]) func wrongValuesOfAnAgent(flags: [String: FlagValue], expected: String)
        throws
    {
        let scratch = try Scratch()
        let path = try scratch.folderWithClaude()
        let message = sentence { () throws(SettingsError) in
            _ = try AgentSettings(SettingsSource(program: .agent, flags: flags, context: context(["PATH": path])))
        }
        #expect(message == expected)
    }

    @Test func anAgentOfCommandsAloneNeedsNoClaude() throws {
        let surroundings = context([
            "PATH": "/nowhere", "CCO_POLICY_RUNNERS": "exec", "CCO_POLICY_COMMANDS": "echo,/bin/cat",
            "CCO_OFFER_NOOP": "1",
        ])
        let settings = try AgentSettings(SettingsSource(program: .agent, context: surroundings))
        #expect(settings.claudePath.isEmpty)
        #expect(settings.policy.runners == ["exec", "noop"])
        #expect(settings.policy.commands == ["echo", "/bin/cat"])
        #expect(settings.execOutputBytes == 1 << 20)
        #expect(settings.noopCapacity == 4096)
    }

    @Test func bypassingPermissionsMustBeConfigured() throws {
        let scratch = try Scratch()
        let surroundings = context(["PATH": try scratch.folderWithClaude()])
        let plain = try AgentSettings(SettingsSource(program: .agent, context: surroundings))
        #expect(!plain.policy.permissionModes.contains("bypassPermissions"))
        let asked = try AgentSettings(
            SettingsSource(
                program: .agent, flags: ["policy.permission-modes": ["plan", "bypassPermissions"]],
                context: surroundings))
        #expect(asked.policy.permissionModes == ["plan", "bypassPermissions"])
    }
}
