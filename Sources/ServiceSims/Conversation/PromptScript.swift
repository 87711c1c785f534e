import Foundation

/// What a prompt tells the simulator to do, written in double square brackets.
///
/// | script | effect |
/// |---|---|
/// | `[[bash: COMMAND]]` | the answer is a call of the tool `Bash` |
/// | `[[tool: NAME {json}]]` | the answer is a call of the tool NAME with that input |
/// | `[[say: TEXT]]` | the final text is TEXT and nothing else |
/// | `[[json: VALUE]]` | the input for `StructuredOutput`, when the request offers that tool |
/// | `[[sleep: MS]]` | the turn's first call waits that long before its headers |
/// | `[[silent: MS]]` | the turn's first call sends headers, then nothing for that long, then its answer |
/// | `[[status: CODE]]`, `[[status: CODE SECONDS]]` | every try at the turn's first call fails so; SECONDS is `retry-after` |
/// | `[[status-once: CODE]]` | only the first try fails so |
/// | `[[too-long]]` | every try fails as a prompt does that is longer than the model can read |
/// | `[[cut]]` | the first try's answer is cut after its first delta |
///
/// Tool calls run one after the other, one a round, in the order in which they are written. A script ends at its own
/// `]]`: pairs of `[[` and `]]` inside it are taken as part of it. Other words in brackets are plain text.
struct PromptScript: Hashable, Sendable {
    struct ToolCall: Hashable, Sendable {
        let name: String
        let input: JSONValue
    }

    struct Status: Hashable, Sendable {
        let code: Int
        var retryAfterSeconds: Int64?
    }

    /// A script whose word is known but whose rest can't be read.
    struct Malformed: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    var toolCalls: [ToolCall] = []
    var say: String?
    var structured: JSONValue?
    var sleepMilliseconds = 0
    var silentMilliseconds = 0
    var status: Status?
    var statusOnce: Status?
    var cut = false
    var tooLong = false

    /// How many `[[` of one prompt are looked at; what comes after them is plain text.
    static let mostScripts = 1_000

    /// Reads every script of `prompt`. Throws ``Malformed``.
    init(_ prompt: String) throws {
        var rest = prompt[...]
        var count = 0
        while count < Self.mostScripts, let open = rest.range(of: "[[") {
            count += 1
            rest = rest[open.upperBound...]
            guard let end = Self.end(of: rest), try read(String(rest[..<end])) else { continue }
            rest = rest[rest.index(end, offsetBy: 2)...]
        }
    }

    /// The index of the `]]` that closes a script whose `[[` has been read; nil when none does.
    private static func end(of body: Substring) -> String.Index? {
        var depth = 1
        var index = body.startIndex
        while index < body.endIndex {
            if body[index...].hasPrefix("[[") {
                depth += 1
                index = body.index(index, offsetBy: 2)
            } else if body[index...].hasPrefix("]]") {
                depth -= 1
                if depth == 0 {
                    // `]]]` closes an inner array first: the script's own end is the last pair of the run.
                    while body[body.index(after: index)...].hasPrefix("]]") { index = body.index(after: index) }
                    return index
                }
                index = body.index(index, offsetBy: 2)
            } else {
                index = body.index(after: index)
            }
        }
        return nil
    }

    /// Takes one script in; false when its word is none of ours.
    private mutating func read(_ script: String) throws -> Bool {
        let colon = script.firstIndex(of: ":")
        let word = script[..<(colon ?? script.endIndex)].trimmingCharacters(in: .whitespaces)
        let value = colon.map { script[script.index(after: $0)...].trimmingCharacters(in: .whitespacesAndNewlines) }
        switch (word, value) {
        case ("cut", nil): cut = true
        case ("too-long", nil): tooLong = true
        case ("bash", let command?):
            toolCalls.append(
                ToolCall(name: "Bash", input: ["command": .string(command), "description": "Run the scripted command"]))
        case ("tool", let call?): toolCalls.append(try Self.toolCall(call))
        case ("say", let text?): say = text
        case ("json", let json?): structured = try Self.json(json)
        case ("sleep", let time?): sleepMilliseconds += try Self.milliseconds(time)
        case ("silent", let time?): silentMilliseconds += try Self.milliseconds(time)
        case ("status", let code?): status = try Self.status(code)
        case ("status-once", let code?): statusOnce = try Self.status(code)
        default: return false
        }
        return true
    }

    private static func toolCall(_ text: String) throws -> ToolCall {
        guard let brace = text.firstIndex(of: "{") else {
            throw Malformed(description: "[[tool: \(text)]] has no input: write [[tool: NAME {json}]].")
        }
        let name = text[..<brace].trimmingCharacters(in: .whitespaces)
        guard !name.isEmpty else {
            throw Malformed(description: "[[tool: \(text)]] names no tool: write [[tool: NAME {json}]].")
        }
        return ToolCall(name: name, input: try json(String(text[brace...])))
    }

    private static func json(_ text: String) throws -> JSONValue {
        do {
            return try JSONText.value(text)
        } catch {
            throw Malformed(description: "A script's JSON can't be read: \(text)")
        }
    }

    private static func milliseconds(_ text: String) throws -> Int {
        let most = AnthropicSimConfiguration.longestWaitMilliseconds
        guard let time = Int(text), (0...most).contains(time) else {
            throw Malformed(description: "A wait of '\(text)' ms: give 0 to \(most).")
        }
        return time
    }

    private static func status(_ text: String) throws -> Status {
        let words = text.split(separator: " ")
        guard let code = words.first.flatMap({ Int($0) }), (400...599).contains(code), words.count <= 2 else {
            throw Malformed(description: "A status of '\(text)': give a code from 400 to 599.")
        }
        guard words.count == 2 else { return Status(code: code) }
        guard let seconds = Int64(words[1]), seconds >= 0 else {
            throw Malformed(description: "A retry-after of '\(words[1])': give whole seconds.")
        }
        return Status(code: code, retryAfterSeconds: seconds)
    }
}
