import Foundation
import Testing

@testable import Settings

@Suite struct ConfigFileTests {
    @Test func unknownKeyIsToldWithItsLineAndTheNearestKnownOne() {
        let yaml = "# one\ncoordinator: tcp://127.0.0.1:1\n\n\npolicy:\n  runners: [claude]\ninstances_: 4\n"
        #expect(sentence(yaml: yaml) == "agent.yaml:7: unknown key \"instances_\"; did you mean \"instances\"?")
    }

    @Test func nestedUnknownKeyIsToldWithItsFullName() {
        let yaml = "policy:\n  runners: [claude]\n  permission_modes: [plan]\n"
        #expect(
            sentence(yaml: yaml)
                == "agent.yaml:3: unknown key \"policy.permission_modes\"; did you mean \"policy.permission-modes\"?")
    }

    @Test func aKeyFarFromAllOthersGetsNoGuess() {
        #expect(
            sentence(yaml: "zzzzzzzz: 1") == "agent.yaml:1: unknown key \"zzzzzzzz\"; the example file lists all keys")
    }

    @Test func aKeyOfAnotherProgramIsToldAsSuch() {
        #expect(
            sentence(yaml: "lease: 5s") == "agent.yaml:1: \"lease\" is a setting of cc-coordinator, not of cc-agent")
    }

    @Test(arguments: [
        ("instances: [1, 2]", "agent.yaml:1: \"instances\" takes a whole number from 1 to 1000, one value"),
        ("\nlabels: zone", "agent.yaml:2: \"labels\" takes names with values such as {zone: eu}"),
        ("policy: claude", "agent.yaml:1: \"policy\" takes indented \"key: value\" lines, not a single value"),
        (
            "policy:\n  runners: claude",
            "agent.yaml:2: \"policy.runners\" takes a list such as [a, b], not a single value"
        ),
        ("name:\n", "agent.yaml:1: \"name\" has no value: give it one or delete the line"),
        ("- a\n- b\n", "agent.yaml:1: expected lines of \"key: value\""),
        (
            "policy:\n  directories:\n    - /a\n    - [b]\n",
            "agent.yaml:4: an entry of \"policy.directories\" must be a single value"
        ),
    ]) func wrongShapeIsToldWithItsLine(yaml: String, expected: String) {
        #expect(sentence(yaml: yaml) == expected)
    }

    @Test func duplicateKeysAreRefused() {
        #expect(
            sentence(yaml: "name: a\ninstances: 1\ninstances: 2\n")?.hasPrefix("agent.yaml:2: the key \"instances\"")
                == true)
        #expect(
            sentence(yaml: "policy: {runners: [claude]}\npolicy.runners: [claude]\n")
                == "agent.yaml:2: the key \"policy.runners\" is given twice: keep one")
    }

    @Test func brokenYAMLIsToldWithItsLine() {
        let message = sentence(yaml: "name: a\ninstances: [1, 2\nlabels: {}\n")
        #expect(message?.hasPrefix("agent.yaml:3: this is not YAML: ") == true, "\(message ?? "accepted")")
        let control = sentence(yaml: "name: a\nmodel: \u{1}\n")
        #expect(control?.hasPrefix("agent.yaml:2: this is not YAML: ") == true, "\(control ?? "accepted")")
    }

    @Test func aSecondDocumentIsRefused() {
        #expect(sentence(yaml: "name: a\n---\nname: b\n")?.hasPrefix("agent.yaml:2: this is not YAML") == true)
    }

    @Test func textThatIsNotUTF8IsToldWithItsLine() {
        let message = sentence { () throws(SettingsError) in
            _ = try ConfigFile(path: "a.yaml", bytes: Array("name: a\nmodel: ".utf8) + [0xFF, 0x0A], program: .agent)
        }
        #expect(message == "a.yaml:2: the line is not UTF-8: save the file in that encoding")
    }

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "~\n"]) func anEmptyFileSetsNothing(yaml: String) throws {
        #expect(try ConfigFile(path: "a.yaml", bytes: Array(yaml.utf8), program: .agent).values.isEmpty)
    }

    @Test func aByteOrderMarkIsSkipped() throws {
        let file = try ConfigFile(path: "a.yaml", bytes: [0xEF, 0xBB, 0xBF] + Array("name: a".utf8), program: .agent)
        #expect(file.values.keys.sorted() == ["name"])
    }

    @Test func aFileThatCannotBeUsedGetsASentence() throws {
        let scratch = try Scratch()
        let missing = scratch.path + "/none.yaml"
        let big = try scratch.write("big.yaml", String(repeating: "# filler\n", count: 120_000))
        let read = { (path: String) in
            sentence { () throws(SettingsError) in
                _ = try SettingsSource(program: .agent, configFile: path, context: context())
            }
        }
        #expect(read(missing) == "\(missing): there is no such config file: check --config or CCO_CONFIG")
        #expect(read(big) == "\(big): the config file is over 1048576 bytes: is it the right file?")
        #expect(read(scratch.path) == "\(scratch.path): the config file cannot be read: Is a directory")
    }
}
