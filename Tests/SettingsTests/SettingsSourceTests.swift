import ClusterModel
import Testing

@testable import Settings

@Suite struct SettingsSourceTests {
    @Test func flagWinsOverEnvironmentOverFileOverDefault() throws {
        let scratch = try Scratch()
        let file = try scratch.write("c.yaml", "lease: 11s\nretry-cap: 12s\nmax-attempts: 13\n")
        let settings = try CoordinatorSettings(
            SettingsSource(
                program: .coordinator, flags: ["lease": "31s"], configFile: file,
                context: context(["CCO_LEASE": "21s", "CCO_RETRY_CAP": "22s", "CCO_HEARTBEAT": ""])))
        #expect(settings.lease == .seconds(31))
        #expect(settings.retryCap == .seconds(22))
        #expect(settings.maxAttempts == 13)
        #expect(settings.heartbeat == .seconds(1), "an empty variable counts as not set")
    }

    @Test func theConfigFileCanBeNamedByTheEnvironment() throws {
        let scratch = try Scratch()
        try scratch.write("c.yaml", "lease: 11s\n")
        let source = try SettingsSource(
            program: .coordinator, context: context(["CCO_CONFIG": "c.yaml"], in: scratch.path))
        #expect(try CoordinatorSettings(source).lease == .seconds(11))
        #expect(source.warnings.isEmpty)
    }

    @Test func anErrorNamesTheFlagTheVariableOrTheLine() throws {
        let scratch = try Scratch()
        let file = try scratch.write("c.yaml", "\n\nlease: soon\n")
        let load = { (flags: [String: FlagValue], environment: [String: String]) in
            sentence { () throws(SettingsError) in
                _ = try CoordinatorSettings(
                    SettingsSource(program: .coordinator, flags: flags, configFile: file, context: context(environment))
                )
            }
        }
        let expected = "a length of time from 1s to 1d, such as 500ms, 30s, 5m or 1h, found \"soon\""
        #expect(load([:], [:]) == "\(file):3: \"lease\" must be \(expected)")
        #expect(load([:], ["CCO_LEASE": "soon"]) == "CCO_LEASE: expected \(expected)")
        #expect(load(["lease": "soon"], [:]) == "--lease: expected \(expected)")
    }

    @Test func pathsStartWhereTheyWereWritten() throws {
        let scratch = try Scratch()
        let file = try scratch.write("c.yaml", "data-dir: data/../queue\nsecret-file: ~/s\n")
        let fromFile = try CoordinatorSettings(
            SettingsSource(program: .coordinator, configFile: file, context: context()))
        #expect(fromFile.dataDirectory == scratch.path + "/queue")
        #expect(fromFile.secretFile == "/home/ann/s")
        let fromFlag = try CoordinatorSettings(
            SettingsSource(program: .coordinator, flags: ["data-dir": "./q"], configFile: file, context: context()))
        #expect(fromFlag.dataDirectory == "/srv/q")
        let fromEnvironment = try CoordinatorSettings(
            SettingsSource(program: .coordinator, context: context(["CCO_DATA_DIR": "/q/"])))
        #expect(fromEnvironment.dataDirectory == "/q")
    }

    @Test func unknownVariablesAreWarnedOfAndNothingMore() throws {
        let environment = [
            "CCO_LEESE": "1s", "CCO_QQQQQQQQQQ": "1", "CCO_SECRET_FILE": "/s", "CCO_INSTANCES": "4", "CCOX": "1",
        ]
        let source = try SettingsSource(program: .coordinator, context: context(environment))
        #expect(
            source.warnings == [
                "CCO_LEESE is not a setting and was ignored; did you mean CCO_LEASE?",
                "CCO_QQQQQQQQQQ is not a setting and was ignored",
            ])
    }

    @Test func listsAndMapsComeFromAllPlaces() throws {
        let scratch = try Scratch()
        let path = try scratch.folderWithClaude()
        let file = try scratch.write(
            "a.yaml", "labels: {zone: eu, cores: 4}\npolicy:\n  directories:\n  - src\n  - /b\n")
        let load = { (flags: [String: FlagValue], environment: [String: String]) throws(SettingsError) in
            try AgentSettings(
                SettingsSource(
                    program: .agent, flags: flags, configFile: file,
                    context: context(environment.merging(["PATH": path]) { $1 })))
        }
        let fromFile = try load([:], [:])
        #expect(fromFile.labels == ["zone": "eu", "cores": "4"])
        #expect(fromFile.policy.directories == [scratch.path + "/src", "/b"])
        let fromEnvironment = try load([:], ["CCO_LABELS": "zone=us, a=b=c", "CCO_POLICY_DIRECTORIES": "/x , y"])
        #expect(fromEnvironment.labels == ["zone": "us", "a": "b=c"])
        #expect(fromEnvironment.policy.directories == ["/x", "/srv/y"])
        let fromFlags = try load(["labels": ["zone=a,b"], "policy.directories": ["/only"]], ["CCO_LABELS": "c=d"])
        #expect(fromFlags.labels == ["zone": "a,b"])
        #expect(fromFlags.policy.directories == ["/only"])
        #expect(
            sentence { () throws(SettingsError) in _ = try load(["labels": ["a=1", "a=2"]], [:]) }
                == "--label: \"a\" is given twice: keep one")
        #expect(
            sentence { () throws(SettingsError) in _ = try load(["labels": ["zone"]], [:]) }
                == "--label: expected name=value, found \"zone\"")
    }

    @Test func aSingleFlagGivenTwiceIsRefused() {
        let message = sentence { () throws(SettingsError) in
            _ = try SettingsSource(program: .coordinator, flags: ["lease": ["1s", "2s"]], context: context())
        }
        #expect(message == "--lease: give it once, not 2 times")
    }
}
