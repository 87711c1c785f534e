import Glibc

/// One turn: `init`, what the script says, `assistant`, `result`.
struct Turn {
    let prompt: String
    let messageID: String?

    /// What the script has decided so far.
    private struct Course {
        var answer: [String] = []
        var denials: [JSON] = []
        var splits = false
        var ending: Ending = .completed
    }

    private enum Ending {
        case completed
        case interrupted
        case schemaFailed
        case maximumTurns
        case budgetSpent
        case promptTooLong
        case apiError(Int)
    }

    func run(_ simulator: inout Simulator) {
        let started = monotonicMilliseconds()
        simulator.writeInit()
        let before = simulator.transcript.said
        simulator.transcript.user(prompt)
        var course = Course()
        for step in Script.steps(of: prompt, seen: &simulator.onceMarks) {
            if case .recall = step {
                course.answer.append(before.flatMap { Script.nonces(in: $0) }.joined(separator: " "))
            }
            perform(step, &course, &simulator)
            if case .interrupted = course.ending { break }
        }
        finish(course, started: started, &simulator)
    }

    private func perform(_ step: Script.Step, _ course: inout Course, _ simulator: inout Simulator) {
        switch step {
        case .sleep(let milliseconds):
            if !sleep(milliseconds, &simulator) { course.ending = .interrupted }
        case .crash:
            // No core file: a test that crashes a thousand of them would fill the disk.
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            abort()
        case .die:
            Output.write("{\"type\":\"assistant\",\"message\":{\"role\":\"assis")
            kill(getpid(), SIGKILL)
        case .mute:
            close(STDOUT_FILENO)
            while true { pause() }
        case .exit(let code): exit(code)
        case .hang: while true { pause() }
        case .garbage: Output.write("warning: this line is not JSON {]\n")
        case .brokenLine: Output.write("{\"type\":\"assistant\", oh\n")
        case .bigLine(let megabytes): writeBigLine(megabytes, simulator)
        case .denied(let tool):
            course.denials.append(
                .object([
                    ("tool_name", .string(tool)), ("tool_use_id", .string("toolu_" + newUUID())),
                    ("tool_input", .object([])),
                ]))
        case .schemaFails: course.ending = .schemaFailed
        case .maximumTurns: course.ending = .maximumTurns
        case .budgetSpent: course.ending = .budgetSpent
        case .promptTooLong: course.ending = .promptTooLong
        case .apiError(let status): course.ending = .apiError(status)
        case .splitUTF8:
            course.splits = true
            course.answer.append("Grüße, 世界 👋")
        case .say(let text): course.answer.append(text)
        case .recall: break
        }
    }

    /// Waits; control requests are answered meanwhile, user messages kept. False if an interrupt ended it. The end of input ends nothing.
    private func sleep(_ milliseconds: Int64, _ simulator: inout Simulator) -> Bool {
        let deadline = monotonicMilliseconds() + min(max(milliseconds, 0), 86_400_000)
        while true {
            switch simulator.input.next(deadline: deadline) {
            case .timedOut: return true
            case .ended:
                let left = max(0, deadline - monotonicMilliseconds())
                usleep(UInt32(clamping: left * 1000))
                if monotonicMilliseconds() >= deadline { return true }
            case .bytes(let line):
                guard let message = simulator.message(line) else { continue }
                if !simulator.control(message) {
                    simulator.waiting.append(message)
                } else if message["request"]?["subtype"]?.text == "interrupt" {
                    return false
                }
            }
        }
    }

    private func finish(_ course: Course, started: Int64, _ simulator: inout Simulator) {
        var structured: JSON?
        if case .completed = course.ending, let schema = simulator.schema {
            structured = SchemaFiller(root: schema).value()
        }
        let nonces = Script.nonces(in: prompt).joined(separator: " ")
        var text = structured?.line ?? (course.answer + [nonces, "done"]).filter { !$0.isEmpty }.joined(separator: " ")
        // About four bytes a token, as the real tokenizer's average on English.
        let (input, output) = (10 + prompt.utf8.count / 4, 1 + text.utf8.count / 4)
        var isBilled = true
        switch course.ending {
        case .apiError(let status):
            text = "API Error: \(status)"
            isBilled = false
        case .promptTooLong:
            text = "Prompt is too long"
            isBilled = false
        case .interrupted: isBilled = false
        default: break
        }
        if isBilled { simulator.conversation.book(input: input, output: output) }

        var result = ResultLine(simulator.conversation, started: started, messageID: messageID)
        result.text = text
        result.structured = structured
        result.denials = course.denials
        if isBilled { (result.inputTokens, result.outputTokens) = (input, output) }
        switch course.ending {
        case .completed: break
        case .interrupted: result.fail("error_during_execution", "aborted_streaming")
        case .schemaFailed: result.fail("error_max_structured_output_retries", "structured_output_retries")
        case .maximumTurns: result.fail("error_max_turns", "max_turns")
        case .budgetSpent: result.fail("error_max_budget_usd", "budget_exhausted")
        case .promptTooLong: result.fail("success", "prompt_too_long")
        case .apiError(let status):
            result.fail("success", "api_error")
            result.apiErrorStatus = status
        }
        var lines = [result.json]
        let id = newUUID()
        if case .interrupted = course.ending {
            let mark = "[Request interrupted by user]"
            lines.insert(user(mark, id, simulator), at: 0)
            simulator.transcript.user(mark, id: id)
        } else {
            lines.insert(assistant(text, input, output, id, simulator), at: 0)
            simulator.transcript.assistant(text, id: id)
        }
        for line in lines {
            if course.splits { Output.splitLine(line) } else { Output.line(line) }
        }
    }

    private func user(_ text: String, _ id: String, _ simulator: Simulator) -> JSON {
        .object([
            ("type", .string("user")), ("message", Transcript.message("user", text)), ("parent_tool_use_id", .null),
            ("session_id", .string(simulator.conversation.id)), ("uuid", .string(id)),
        ])
    }

    private func assistant(_ text: String, _ input: Int, _ output: Int, _ id: String, _ simulator: Simulator) -> JSON {
        .object([
            ("type", .string("assistant")),
            (
                "message",
                .object([
                    ("id", .string("msg_" + newUUID())), ("type", .string("message")), ("role", .string("assistant")),
                    ("model", .string(simulator.conversation.model)),
                    ("content", .array([.object([("type", .string("text")), ("text", .string(text))])])),
                    ("stop_reason", .string("end_turn")), ("usage", ResultLine.usage(input: input, output: output)),
                ])
            ),
            ("parent_tool_use_id", .null), ("session_id", .string(simulator.conversation.id)),
            ("uuid", .string(id)),
        ])
    }

    /// An assistant line of so many megabytes, written in pieces so that the stand-in stays small.
    private func writeBigLine(_ megabytes: Int, _ simulator: Simulator) {
        let marker = "BIG-LINE"
        let whole = assistant(marker, 1, 1, newUUID(), simulator).line
        guard let place = whole.firstRange(of: marker) else { return }
        Output.write(String(whole[..<place.lowerBound]))
        let piece = String(repeating: "x", count: 65_536)
        for _ in 0..<megabytes * 16 { Output.write(piece) }
        Output.write(String(whole[place.upperBound...]) + "\n")
    }
}

extension ResultLine {
    /// Makes it the end of a turn that failed.
    fileprivate mutating func fail(_ subtype: String, _ reason: String) {
        self.subtype = subtype
        isError = true
        terminalReason = reason
    }
}
