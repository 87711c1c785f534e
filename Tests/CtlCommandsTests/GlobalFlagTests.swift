import Testing

@testable import CtlCommands

@Suite struct GlobalFlagTests {
    @Test(arguments: [
        (["--output", "json", "jobs"], ["jobs", "--output", "json"]),
        (
            ["--coordinator=tcp://h:1", "-o", "quiet", "submit", "p", "--name", "n"],
            ["submit", "--coordinator=tcp://h:1", "-o", "quiet", "p", "--name", "n"]
        ),
        (["jobs", "--output", "json"], ["jobs", "--output", "json"]),
        (["--help"], ["--help"]),
        (["--wat", "jobs"], ["--wat", "jobs"]),
        (["--output", "json"], ["--output", "json"]),
        ([], []),
    ])
    func moved(_ given: [String], _ expected: [String]) {
        #expect(GlobalFlags.moveBehindVerb(given) == expected)
    }

    @Test func flagsReadTheSameBeforeAndBehindTheVerb() throws {
        let flags = [
            "--coordinator", "tcp://127.0.0.1:9", "--output", "json", "--secret-file", "/s", "--connect-timeout", "2s",
        ]
        for words in [flags + ["wait", "7", "--timeout", "3"], ["wait", "7", "--timeout", "3"] + flags] {
            let wait = try #require(CtlMain.parse(GlobalFlags.moveBehindVerb(words)) as? Wait)
            let settings = try wait.global.settings()
            #expect(wait.job == "7")
            #expect(wait.timeout == "3")
            #expect(settings.coordinator.description == "tcp://127.0.0.1:9")
            #expect(settings.output == .json)
            #expect(settings.secretFile == "/s")
            #expect(settings.connectTimeout == .seconds(2))
        }
    }

    @Test func theFlagBehindTheVerbWins() throws {
        let words = GlobalFlags.moveBehindVerb(["--output", "json", "jobs", "--output", "quiet"])
        let jobs = try #require(CtlMain.parse(words) as? Jobs)
        #expect(try jobs.global.settings().output == .quiet)
    }
}

@Suite struct HelpTests {
    @Test(arguments: [["--help"], ["wait", "--help"], ["help", "submit"], ["--version"], []])
    func helpIsNoError(_ arguments: [String]) {
        do {
            _ = try CtlMain.parse(arguments)
            Issue.record("help was not printed")
        } catch {
            #expect(ExitStatus.of(error) == .success)
        }
    }
}
