import Testing

@testable import ServiceSims

@Suite("Prompts are read for scripts, nonces and the user's own words")
struct ScriptTests {
    @Test("several tools run in the order in which they are written")
    func tools() throws {
        let script = try PromptScript(
            #"Do [[bash: echo a]] then [[tool: Write {"file_path":"/x","lines":[[1],[2,[3]]]}]] and [[bash: echo b]]"#)
        #expect(script.toolCalls.map(\.name) == ["Bash", "Write", "Bash"])
        #expect(script.toolCalls[0].input["command"] == "echo a")
        #expect(script.toolCalls[1].input["lines"] == [[1], [2, [3]]])
    }

    @Test("brackets inside a script belong to it")
    func brackets() throws {
        #expect(
            try PromptScript("[[bash: [[ -f x ]] && echo y]]").toolCalls.first?.input["command"]
                == "[[ -f x ]] && echo y")
        #expect(try PromptScript("[[json: [1]]]").structured == [1])
        #expect(try PromptScript("[[json: [[1]]]]").structured == [[1]])
    }

    @Test("other brackets are plain text and hide nothing")
    func plain() throws {
        let script = try PromptScript("if [[ -f a ]]; [[note: b]] [[ open [[say: yes]]")
        #expect(script.say == "yes")
        #expect(script.toolCalls.isEmpty)
    }

    @Test("waits, errors and cuts")
    func others() throws {
        let script = try PromptScript(
            "[[sleep: 20]][[sleep: 5]][[silent: 7]][[status: 429 9]][[status-once: 529]][[cut]]")
        #expect(script.sleepMilliseconds == 25)
        #expect(script.silentMilliseconds == 7)
        #expect(script.status == .init(code: 429, retryAfterSeconds: 9))
        #expect(script.statusOnce == .init(code: 529))
        #expect(script.cut)
    }

    @Test(
        "a known word with an unreadable rest is an error",
        arguments: ["[[tool: X]]", "[[tool: {}]]", "[[tool: X {bad}]]", "[[sleep: soon]]", "[[status: 200]]"])
    func malformed(_ prompt: String) {
        #expect(throws: PromptScript.Malformed.self) { try PromptScript(prompt) }
    }

    @Test("nonces are found once each, in order")
    func nonces() {
        #expect(UserText.nonces("NONCE-b, NONCE-a_1-x. NONCE-b NONCE-") == ["NONCE-b", "NONCE-a_1-x"])
    }

    @Test("what the CLI adds is not the user's text")
    func additions() {
        let blocks = [
            "<system-reminder>\nNONCE-no [[cut]]\n</system-reminder>\n",
            "<local-command-caveat>x</local-command-caveat>\n",
            "<command-name>/clear</command-name>\n  <command-message>clear</command-message>\n  <command-args></command-args>",
            "<local-command-stdout></local-command-stdout>\n", "third", "part <b>two</b>",
        ].map { MessagesRequest.Block(text: $0) }
        #expect(UserText.own(blocks) == "third\npart <b>two</b>")
    }

    @Test("what an interrupt stopped is over")
    func interrupted() {
        let blocks = ["[[silent: 9]]", "[Request interrupted by user]", "next"].map { MessagesRequest.Block(text: $0) }
        #expect(UserText.own(blocks) == "next")
    }

    @Test("a failed prompt that comes again before the next one is over")
    func failed() {
        let blocks = ["first [[status: 529]]\n", "second"].map { MessagesRequest.Block(text: $0) }
        #expect(UserText.own(blocks) == "second")
        #expect(UserText.own([MessagesRequest.Block(text: "alone\n")]) == "alone")
    }
}
