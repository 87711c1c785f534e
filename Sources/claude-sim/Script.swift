import Glibc

/// What a prompt tells the stand-in to do: `[[name]]` or `[[name: argument]]`, done in the order written. Unknown names are plain text.
enum Script {
    enum Step {
        /// Silence that an interrupt ends.
        case sleep(milliseconds: Int64)
        case crash
        /// Killed in the middle of a line, without a word.
        case die
        /// Closes its output and lives on.
        case mute
        case exit(Int32)
        /// Silence that nothing ends, the end of input included.
        case hang
        /// A line that is no JSON: the CLI's own warnings look so.
        case garbage
        /// A line that begins as JSON and is none.
        case brokenLine
        case bigLine(megabytes: Int)
        case denied(tool: String)
        case schemaFails
        case maximumTurns
        case budgetSpent
        case promptTooLong
        case apiError(status: Int)
        case splitUTF8
        case say(String)
        /// The `NONCE-…` words of all earlier prompts of the conversation.
        case recall
    }

    /// The steps of a prompt. A `[[once: …]]` that has run before is left out; asking marks it as run.
    static func steps(of prompt: String, seen: inout OnceMarks) -> [Step] {
        var steps = Faults.given.flatMap { $0.step(of: prompt, seen: &seen) }.map { [$0] } ?? []
        var rest = prompt[...]
        var place = 0
        while let open = rest.firstRange(of: "[["), let close = rest[open.upperBound...].firstRange(of: "]]") {
            var text = trimmed(rest[open.upperBound..<close.lowerBound])
            rest = rest[close.upperBound...]
            place += 1
            if text.hasPrefix("once:") {
                text = trimmed(text.dropFirst("once:".count))
                guard step(text) != nil, seen.markFirst(prompt, place: place) else { continue }
            }
            if let step = step(text) { steps.append(step) }
        }
        return steps
    }

    static func step(_ text: Substring) -> Step? {
        let colon = text.firstIndex(of: ":")
        let name = trimmed(text[..<(colon ?? text.endIndex)])
        let argument = trimmed(colon.map { text[text.index(after: $0)...] } ?? "")
        switch name {
        case "sleep": return Int64(argument).map { .sleep(milliseconds: $0) }
        case "crash": return .crash
        case "die": return .die
        case "mute": return .mute
        case "exit": return Int32(argument).map { .exit($0) }
        case "exit0-midturn": return .exit(0)
        case "hang": return .hang
        case "garbage": return .garbage
        case "broken-line": return .brokenLine
        case "bigline": return Int(argument).map { .bigLine(megabytes: min(max($0, 0), 1024)) }
        case "denied": return .denied(tool: argument.isEmpty ? "Bash" : String(argument))
        case "schema-fail": return .schemaFails
        case "max-turns": return .maximumTurns
        case "max-budget": return .budgetSpent
        case "too-long": return .promptTooLong
        case "api-error": return Int(argument).map { .apiError(status: $0) }
        case "recall": return .recall
        case "split-utf8": return .splitUTF8
        case "say": return .say(String(argument))
        default: return nil
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// Every `NONCE-…` token of a prompt, in order.
    static func nonces(in prompt: String) -> [Substring] {
        var found: [Substring] = []
        var rest = prompt[...]
        while let start = rest.firstRange(of: "NONCE-") {
            let tail = rest[start.upperBound...].prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
            }
            if !tail.isEmpty { found.append(rest[start.lowerBound..<tail.endIndex]) }
            rest = rest[tail.endIndex...]
        }
        return found
    }
}

/// Remembers which `[[once: …]]` have run: in the folder named by CLAUDE_SIM_STATE for all processes of the host, else in this process.
struct OnceMarks {
    private let folder: String?
    private var here: Set<String> = []

    init() {
        folder = getenv("CLAUDE_SIM_STATE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// True the first time it is asked for this prompt and place in it.
    mutating func markFirst(_ prompt: String, place: Int) -> Bool {
        markFirst("\(String(Self.hash(prompt), radix: 16))-\(place)", holding: "")
    }

    /// True the first time it is asked for this name. `text` is what the mark's file holds.
    mutating func markFirst(_ name: String, holding text: String) -> Bool {
        guard let folder else { return here.insert(name).inserted }
        let file = open("\(folder)/\(name)", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if file >= 0 {
            var text = text
            _ = text.withUTF8 { write(file, $0.baseAddress, $0.count) }
            close(file)
            return true
        }
        guard errno == EEXIST else {
            StandardError.print(
                "claude-sim: CLAUDE_SIM_STATE=\(folder) cannot be written: \(String(cString: strerror(errno)))")
            exit(1)
        }
        return false
    }

    /// FNV-1a, alike in all processes.
    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
