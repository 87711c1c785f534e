import ClusterModel
import Foundation
import Testing

@testable import ClaudeProcess

@Suite struct LaunchTests {
    private func plan(_ options: TaskOptions, model: String = "", permissionMode: String = "") -> LaunchPlan {
        LaunchPlan(
            options: options, claudePath: "/c", guardPath: "/g", marker: "m", parentPID: 7, directory: "/scratch/3",
            configDirectory: "/config/3", environment: ["PATH": "/bin"], model: model, permissionMode: permissionMode)
    }

    @Test("Only what is set becomes a flag, and no value can be taken for one")
    func arguments() {
        let fixed = [
            "-p", "--input-format=stream-json", "--output-format=stream-json", "--verbose", "--strict-mcp-config",
            "--setting-sources=", "--permission-prompts=none",
        ]
        #expect(plan(TaskOptions()).arguments == fixed)
        let options = TaskOptions(
            model: "-m", permissionMode: "acceptEdits", allowedTools: ["Bash(echo *)", "Edit"],
            disallowedTools: ["WebFetch"],
            maxTurns: 3, budgetMicroUSD: 1_050_000, schemaJSON: "{}")
        #expect(
            plan(options).arguments == fixed + [
                "--model=-m", "--permission-mode=acceptEdits", "--allowed-tools=Bash(echo *),Edit",
                "--disallowed-tools=WebFetch",
                "--json-schema={}", "--max-turns=3", "--max-budget-usd=1.050000",
            ])
        #expect(
            plan(TaskOptions()).guardArguments.starts(with: [
                "--parent", "7", "--grace-ms", "5000", "--marker", "m", "--", "/c", "-p",
            ]))
    }

    @Test("The agent's defaults apply where the task says nothing")
    func defaults() {
        #expect(plan(TaskOptions(), model: "a").model == "a")
        #expect(plan(TaskOptions(model: "b"), model: "a").model == "b")
        #expect(plan(TaskOptions()).directory == "/scratch/3")
        #expect(plan(TaskOptions(directory: "/repo")).directory == "/repo")
        #expect(plan(TaskOptions()).launchEnvironment["CLAUDE_CONFIG_DIR"] == "/config/3")
    }

    @Test("The fingerprint changes with what is fixed at launch and with nothing else")
    func fingerprint() {
        let base = plan(TaskOptions()).fingerprint
        #expect(base == LaunchPlan.fingerprint(for: TaskOptions()))
        for same in [
            TaskOptions(model: "x"), TaskOptions(permissionMode: "plan"), TaskOptions(priority: .high, timeout: 5),
        ] {
            #expect(plan(same).fingerprint == base)
        }
        let others = [
            TaskOptions(directory: "/repo"), TaskOptions(allowedTools: ["Edit"]),
            TaskOptions(disallowedTools: ["Edit"]),
            TaskOptions(schemaJSON: "{}"), TaskOptions(maxTurns: 1), TaskOptions(budgetMicroUSD: 1),
            TaskOptions(permissionMode: "bypassPermissions"), TaskOptions(environment: ["A=1"]),
            TaskOptions(cli: CLIOptions(fallbackModel: "x")), TaskOptions(cli: CLIOptions(effort: "low")),
            TaskOptions(cli: CLIOptions(systemPrompt: "x")), TaskOptions(cli: CLIOptions(appendSystemPrompt: "x")),
            TaskOptions(cli: CLIOptions(tools: ["x"])), TaskOptions(cli: CLIOptions(mcpConfigJSON: "x")),
            TaskOptions(cli: CLIOptions(settingsJSON: "x")), TaskOptions(cli: CLIOptions(agentsJSON: "x")),
            TaskOptions(cli: CLIOptions(directories: ["x"])),
        ]
        #expect(Set(others.map { plan($0).fingerprint } + [base]).count == others.count + 1)
        for options in others { #expect(plan(options).fingerprint == LaunchPlan.fingerprint(for: options)) }
        #expect(
            LaunchPlan.fingerprint(for: TaskOptions(allowedTools: ["a", "b"]))
                != LaunchPlan.fingerprint(for: TaskOptions(allowedTools: ["a b"])))
    }

    @Test("The CLI's own options become flags; what may hold keys goes into files that others can't read")
    func cliOptions() throws {
        let scratch = try Scratch()
        var made = plan(
            TaskOptions(
                environment: ["COLOUR=red", "CLAUDE_CONFIG_DIR=/theirs", "HOME=/theirs"],
                cli: CLIOptions(
                    fallbackModel: "a,b", effort: "low", systemPrompt: "--x", appendSystemPrompt: "y\nz",
                    tools: ["Read", "Bash"], mcpConfigJSON: #"{"mcpServers":{}}"#, settingsJSON: "{}",
                    agentsJSON: #"{"a":{}}"#, directories: ["/one", "/two"])))
        made.configDirectory = scratch.path
        let mcp = "\(scratch.path)/cc-orchestrator-mcp.json"
        #expect(
            made.arguments.suffix(10) == [
                "--fallback-model=a,b", "--effort=low", "--system-prompt=--x", "--append-system-prompt=y\nz",
                "--tools=Read,Bash", "--mcp-config=\(mcp)",
                "--settings=\(scratch.path)/cc-orchestrator-settings.json", #"--agents={"a":{}}"#, "--add-dir=/one",
                "--add-dir=/two",
            ])
        try made.writeFiles()
        #expect(try String(contentsOfFile: mcp, encoding: .utf8) == #"{"mcpServers":{}}"#)
        let attributes = try FileManager.default.attributesOfItem(atPath: mcp)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(made.launchEnvironment["COLOUR"] == "red" && made.launchEnvironment["HOME"] == nil)
        #expect(made.launchEnvironment["CLAUDE_CONFIG_DIR"] == scratch.path)
        #expect(plan(TaskOptions(cli: CLIOptions(tools: ["none"]))).arguments.last == "--tools=")
    }

    @Test(
        "Variables of the agent's own are refused whatever the policy says",
        arguments: [
            "CCO_X=1", "ANTHROPIC_BASE_URL=x", "CLAUDE_CODE_X=1", "CLAUDECODE=1", "claude_x=1", "HOME=/x",
            "https_proxy=x",
            "NO_PROXY=*", "X", "=x", "A=\0",
        ])
    func variables(entry: String) {
        #expect(InstanceEnvironment.objection(to: entry) != nil)
        #expect(InstanceEnvironment.objection(to: "COLOUR=red") == nil)
    }

    @Test("An instance's environment holds what it needs and no mark of another session")
    func environment() {
        let agent = [
            "PATH": "/bin", "LC_ALL": "C", "HOME": "/root", "TERM": "xterm", "AWS_SECRET_ACCESS_KEY": "s",
            "SSH_AUTH_SOCK": "x",
            "ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "u", "CLAUDE_CODE_MAX_RETRIES": "3", "CLAUDECODE": "1",
            "CLAUDE_CONFIG_DIR": "/mine", "CLAUDE_CODE_ENTRYPOINT": "cli", "CLAUDE_CODE_SSE_PORT": "1",
            "CLAUDE_CODE_SESSION_ID": "s",
            "CLAUDE_CODE_REMOTE_SESSION_ID": "s", "CLAUDE_CODE_RETRY_WATCHDOG": "1", "CLAUDE_PID": "4",
            "https_proxy": "http://p",
            "NO_PROXY": "corp, localhost", "CCO_SECRET_FILE": "/s",
        ]
        let made = InstanceEnvironment.make(from: agent, configDirectory: "/config/3", home: "/home/a")
        #expect(
            made == [
                "PATH": "/bin", "LC_ALL": "C", "HOME": "/home/a", "TERM": "dumb", "ANTHROPIC_API_KEY": "k",
                "ANTHROPIC_BASE_URL": "u",
                "CLAUDE_CODE_MAX_RETRIES": "3", "CLAUDE_CONFIG_DIR": "/config/3", "https_proxy": "http://p",
                "NO_PROXY": "corp,localhost,127.0.0.1", "no_proxy": "corp,localhost,127.0.0.1",
                "DISABLE_AUTOUPDATER": "1",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
                "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
            ])
    }

    @Test("A credential is found, or it is said how to get one")
    func credential() throws {
        #expect(try Credential.find(in: ["ANTHROPIC_API_KEY": "k"]) == .apiKey)
        #expect(try Credential.find(in: ["ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "t"]) == .oauthToken)
        let missing = #expect(throws: Credential.Missing.self) { try Credential.find(in: ["ANTHROPIC_API_KEY": ""]) }
        #expect(missing?.description.contains("claude setup-token") == true)
        #expect(missing?.description.contains("ANTHROPIC_API_KEY") == true)
    }

    @Test("The probe names what is wrong with a path")
    func probe() async throws {
        let scratch = try Scratch()
        let real = try scratch.script("real", "#!/bin/sh\n[ \"$1\" = --version ] && echo '9.8.7 (Claude Code)'\n")
        #expect(try await ClaudeProbe.check(path: real) == "9.8.7")
        let wrong = try scratch.script("wrong", "#!/bin/sh\necho 'git version 2'\n")
        let silent = try scratch.script("silent", "#!/bin/sh\nexec sleep 1000\n")
        let binary = try scratch.script("binary", "\u{1}\u{2}")
        for (path, words) in [
            ("\(scratch.path)/none", "there is no Claude Code at"), (scratch.path, "cannot be executed"),
            (wrong, "does not answer as"),
            (silent, "did not answer within"), (binary, "cannot be run"),
        ] {
            let failure = await #expect(throws: ClaudeProbe.Failure.self) {
                try await ClaudeProbe.check(path: path, within: path == silent ? .milliseconds(300) : .seconds(20))
            }
            #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
        }
    }
}
