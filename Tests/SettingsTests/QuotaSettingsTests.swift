import ClusterModel
import Quotas
import Testing

@testable import Settings

@Suite struct QuotaSettingsTests {
    /// The buckets as `name limit`, in their order.
    private func quotas(
        _ yaml: String = "", flags: [String]? = nil, _ environment: [String: String] = [:]
    ) throws -> [String] {
        let scratch = try Scratch()
        let file = try scratch.write("c.yaml", yaml)
        let settings = try CoordinatorSettings(
            SettingsSource(
                program: .coordinator, flags: flags.map { ["quotas": .many($0)] } ?? [:], configFile: file,
                context: context(environment)))
        return settings.quotas.map { "\($0.name) \($0)" }
    }

    /// The sentence that refuses them; the file is called `c.yaml`.
    private func refusal(
        _ yaml: String = "", flags: [String]? = nil, _ environment: [String: String] = [:]
    ) throws -> String {
        let scratch = try Scratch()
        try scratch.write("c.yaml", yaml)
        let given: [String: FlagValue] = flags.map { ["quotas": .many($0)] } ?? [:]
        return sentence { () throws(SettingsError) in
            let source = try SettingsSource(
                program: .coordinator, flags: given, configFile: "c.yaml",
                context: context(environment, in: scratch.path))
            _ = try CoordinatorSettings(source)
        } ?? "accepted"
    }

    @Test func thereAreNoneUnlessTheyAreSet() throws {
        #expect(try quotas().isEmpty)
        #expect(try quotas("quotas: {}\n").isEmpty)
    }

    @Test func aFilesOrderIsKept() throws {
        let yaml = """
            quotas:
              jira.requests: 60/min
              claude.requests: 60/min,burst=6,reserve=10%,shadow
              "claude.concurrency.opus": concurrency=20
              github.read: 5000/h, burst=100
            """
        #expect(
            try quotas(yaml) == [
                "jira.requests 60/min", "claude.requests 60/min,burst=6,reserve=10%,shadow",
                "claude.concurrency.opus concurrency=20", "github.read 5000/h,burst=100",
            ])
    }

    @Test func aFlagReplacesWhatAVariableAndTheFileSayOfItsBucketAlone() throws {
        let yaml = "quotas:\n  a.read: 1/s\n  claude.requests: 1/min\n  b.read: 1/day\n"
        let variable = "claude.requests=2/min,burst=2,reserve=50%,shadow, b.read=2/day , c.read=2/s"
        #expect(
            try quotas(yaml, ["CCO_QUOTAS": variable]) == [
                "a.read 1/s", "claude.requests 2/min,burst=2,reserve=50%,shadow", "b.read 2/day", "c.read 2/s",
            ])
        #expect(
            try quotas(
                yaml, flags: ["d.concurrency=concurrency=3", "claude.requests=3/min,burst=3"],
                ["CCO_QUOTAS": variable]) == [
                    "a.read 1/s", "claude.requests 3/min,burst=3", "b.read 2/day", "c.read 2/s",
                    "d.concurrency concurrency=3",
                ])
        #expect(try quotas(yaml, flags: []).count == 3)
    }

    @Test(arguments: [
        ("claude.requests: 0/min", "bucket claude.requests: the limit is 0 and must be 1 to 1000000000000"),
        ("claude.requests: 60/min,burst=0", "bucket claude.requests: the burst is 0 and must be 1 to"),
        ("claude.requests: 60/min,reserve=100%", "bucket claude.requests: the reserve must be at least 0%"),
        ("claude.requests: 60", "bucket claude.requests: '60' is neither a rate such as 60/min nor"),
        ("claude.requests: 60/week", "bucket claude.requests: 'week' is no window"),
        ("jira.concurrency: concurrency=0", "bucket jira.concurrency: the concurrency is 0"),
        ("jira.concurrency: 60/min", "bucket jira.concurrency: '60/min' is a rate: write how many at once"),
        ("jira.requests: concurrency=6", "bucket jira.requests: 'concurrency=6' is no rate such as 60/min"),
        ("claude.foo: 60/min", "bucket 'claude.foo': 'foo' can't be limited: claude has requests, "),
        ("claude: 60/min", "bucket 'claude': a name is a service and what is limited"),
    ])
    func whatCantBeIsToldWithItsPlace(_ line: String, _ words: String) throws {
        let file = try refusal("lease: 30s\nquotas:\n  \(line)\n")
        #expect(file.hasPrefix("c.yaml:3: \(words)"), "\(file)")
        let entry = line.replacing(": ", with: "=")
        let flag = try refusal(flags: [entry])
        #expect(flag.hasPrefix("--quota: \(words)"), "\(flag)")
        let variable = try refusal("", ["CCO_QUOTAS": entry])
        #expect(variable.hasPrefix("CCO_QUOTAS: \(words)"), "\(variable)")
    }

    @Test(arguments: [
        ("claude.reqests", "claude.requests"), ("claude.input-token", "claude.input_tokens"),
        ("claude.request.sonnet", "claude.requests.sonnet"), ("my-api.reads", "my-api.read"),
        ("Jira.requests", "jira.requests"), ("github.write.main", "github.write"),
    ])
    func aMistypedNameIsRecognised(_ name: String, _ meant: String) throws {
        let message = try refusal(flags: ["\(name)=60/min"])
        // What stands too much is told to be taken out instead.
        let isTold = message.hasSuffix("; did you mean \(meant)?") || message.contains("take .main out")
        #expect(isTold, "\(message)")
    }

    @Test func shapesThatAreNone() throws {
        #expect(
            try refusal("quotas: 60/min\n")
                == "c.yaml:1: \"quotas\" takes indented lines such as claude.requests: 60/min,burst=6")
        #expect(
            try refusal("quotas: {claude.requests: 60/min,burst=6}\n").hasPrefix("c.yaml:1: an entry of \"quotas\""))
        #expect(
            try refusal(flags: ["60/min"])
                == "--quota: expected buckets with limits, such as claude.requests=60/min,burst=6, found \"60/min\"")
        let twice = ["a.read=1/s", "a.read=2/s"]
        #expect(try refusal(flags: twice) == "--quota: bucket a.read is given twice: keep one")
        #expect(
            try refusal("quotas:\n  a.read: 3/s\n", flags: twice) == "--quota: bucket a.read is given twice: keep one")
        let many = (0...QuotaLimits.buckets).map { "s\($0).read=1/s" }
        #expect(
            try refusal(flags: many) == "--quota: there are 1025 buckets, and 1024 is the most: leave some out")
    }

    @Test func shortNamesLimitTheirBuckets() throws {
        let yaml = """
            claudeRequestsPerMinute: 100
            claudeTokensPerMinute: 100000
            jiraRequestsPerMinute: 60
            githubRequestsPerHour: 5000
            apiRateLimit: 100
            """
        let plain = try quotas(yaml)
        #expect(
            plain == [
                "claude.requests 100/min", "claude.tokens 100000/min", "jira.requests 60/min",
                "github.requests 5000/h",
            ])
        #expect(try quotas("apiRateLimit: 100\n") == ["claude.requests 100/min"])
        #expect(
            try quotas(yaml + "\nburstAllowance: 6\nreserveCapacity: 10%\nquotas:\n  x.read: 1/s\n") == [
                "x.read 1/s", "claude.requests 100/min,burst=6,reserve=10%", "claude.tokens 100000/min,reserve=10%",
                "jira.requests 60/min,burst=6,reserve=10%", "github.requests 5000/h,burst=6,reserve=10%",
            ])
        #expect(try quotas("", ["CCO_API_RATE_LIMIT": "7"]) == ["claude.requests 7/min"])
    }

    @Test(arguments: [
        (
            "quotas:\n  claude.requests: 60/min\nclaudeRequestsPerMinute: 60\n",
            "c.yaml:3: \"claudeRequestsPerMinute\" limits claude.requests, which \"quotas\" at c.yaml:2 limits, too: keep one"
        ),
        (
            "apiRateLimit: 50\nclaudeRequestsPerMinute: 100\n",
            "c.yaml:1: \"apiRateLimit\" limits claude.requests, which \"claudeRequestsPerMinute\" at c.yaml:2 limits, too: keep one"
        ),
        (
            "jiraRequestsPerMinute: 0\n",
            "c.yaml:1: \"jiraRequestsPerMinute\" must be a whole number from 1 to 1000000000000, found \"0\""
        ),
        (
            "claudeTokensPerMinute: 9\nburstAllowance: 6\n",
            "c.yaml:2: \"burstAllowance\" goes with a limit of requests such as claudeRequestsPerMinute, and there is none"
        ),
        (
            "reserveCapacity: 10%\n",
            "c.yaml:1: \"reserveCapacity\" goes with a limit such as claudeRequestsPerMinute, and there is none"
        ),
        (
            "jiraRequestsPerMinute: 6\nreserveCapacity: 10\n",
            "c.yaml:2: bucket claude.requests: reserve=10 is no part: write a percentage such as 10% or 2.5%"
        ),
        (
            "jiraRequestsPerMinute: 6\nreserveCapacity: 10%,shadow\n",
            "c.yaml:2: \"reserveCapacity\" must be a percentage such as 10% or 2.5%"
        ),
        (
            "claudeRequestPerMinute: 6\n",
            "c.yaml:1: unknown key \"claudeRequestPerMinute\"; did you mean \"claudeRequestsPerMinute\"?"
        ),
    ])
    func shortNamesThatCantBe(_ yaml: String, _ expected: String) throws {
        #expect(try refusal(yaml) == expected)
    }

    @Test func aFlagCountsBeforeAShortNameInTheFile() throws {
        let yaml = "claudeRequestsPerMinute: 60\njiraRequestsPerMinute: 6\n"
        #expect(
            try quotas(yaml, flags: ["claude.requests=90/min"]) == ["claude.requests 90/min", "jira.requests 6/min"])
        #expect(
            try quotas("quotas:\n  claude.requests: 5/min\n", ["CCO_CLAUDE_REQUESTS_PER_MINUTE": "70"])
                == ["claude.requests 70/min"])
    }
}
