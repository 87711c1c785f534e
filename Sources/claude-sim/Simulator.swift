import Glibc

/// Reads requests from standard input and answers them as the CLI does, until the input ends.
struct Simulator {
    /// No version of the real one, so that nobody takes it for that.
    static let version = "0.0.0"

    var conversation: Conversation
    let schema: JSON?
    var input = Input()
    var onceMarks = OnceMarks()
    /// User messages that came during a turn.
    var waiting: [JSON] = []

    var transcript: Transcript

    /// Nil: the session that it is to go on with is not there.
    init?(_ arguments: Arguments) {
        let id = arguments.resume.map { arguments.forks ? arguments.sessionID ?? newUUID() : $0 }
        conversation = Conversation(
            id: id ?? arguments.sessionID ?? newUUID(), model: arguments.model,
            permissionMode: arguments.permissionMode)
        schema = arguments.schema
        guard let old = arguments.resume else {
            transcript = Transcript(session: conversation.id)
            return
        }
        guard let found = Transcript(resuming: old, as: conversation.id) else { return nil }
        transcript = found
    }

    /// Returns at the end of input, after the last turn.
    mutating func run() {
        while true {
            if !waiting.isEmpty {
                answer(waiting.removeFirst())
                continue
            }
            switch input.next() {
            case .ended, .timedOut: return
            case .bytes(let line):
                if let message = message(line), !control(message) { answer(message) }
            }
        }
    }

    /// A line of input; nil for an empty one. Anything but JSON ends the program, as it does the CLI.
    func message(_ line: [UInt8]) -> JSON? {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return nil }
        guard let message = JSON(parsing: line) else {
            StandardError.print("Error parsing streaming input line")
            exit(1)
        }
        return message
    }

    /// Answers a control request; false if the message is none.
    mutating func control(_ message: JSON) -> Bool {
        // An answer to a request of ours: none is ever sent.
        if message["type"]?.text == "control_response" { return true }
        guard message["type"]?.text == "control_request" else { return false }
        let request = message["request"] ?? .null
        let kind = request["subtype"]?.text ?? ""
        var details: [(String, JSON)] = []
        switch kind {
        case "initialize":
            details = [
                (
                    "commands",
                    .array([
                        .object([
                            ("name", .string("clear")), ("description", .string("")), ("argumentHint", .string("")),
                        ])
                    ])
                ),
                ("agents", .array([])), ("models", .array([])), ("pid", .integer(getpid())),
                ("claude_code_version", .string(Self.version)),
                ("current_permission_mode", .string(conversation.permissionMode)),
            ]
        case "interrupt": details = [("still_queued", .array([]))]
        case "set_model":
            if let model = request["model"]?.text { conversation.model = model }
            details = [("model", .string(conversation.model))]
        case "set_permission_mode":
            if let mode = request["mode"]?.text { conversation.permissionMode = mode }
            details = [("mode", .string(conversation.permissionMode))]
        case "get_context_usage":
            let used = conversation.inputTokens + conversation.outputTokens
            details = [
                ("categories", .array([])), ("totalTokens", .integer(used)), ("maxTokens", .integer(200_000)),
                ("rawMaxTokens", .integer(200_000)), ("percentage", .integer(used * 100 / 200_000)),
                ("model", .string(conversation.model)),
            ]
        case "mcp_status": details = [("mcpServers", .array([]))]
        default: break
        }
        let id = message["request_id"] ?? .null
        let known = !details.isEmpty
        let response: [(String, JSON)] =
            known
            ? [("subtype", .string("success")), ("request_id", id), ("response", .object(details))]
            : [
                ("subtype", .string("error")), ("request_id", id),
                ("error", .string("Unsupported control request subtype: \(kind)")),
                ("error_code", .string("unsupported_request")),
            ]
        Output.line(.object([("type", .string("control_response")), ("response", .object(response))]))
        return true
    }

    /// One turn of a user message; other types are ignored.
    private mutating func answer(_ message: JSON) {
        guard message["type"]?.text == "user" else { return }
        let prompt = Self.prompt(of: message)
        let isCommand = message["client_composed"]?.bool != true
        if isCommand, prompt == "/clear" {
            clear(message)
        } else {
            Turn(prompt: prompt, messageID: message["uuid"]?.text).run(&self)
        }
    }

    /// The text blocks of a message; a plain string is one.
    private static func prompt(of message: JSON) -> String {
        let content = message["message"]?["content"]
        if let text = content?.text { return text }
        return (content?.elements ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
    }

    private mutating func clear(_ message: JSON) {
        let started = monotonicMilliseconds()
        let old = conversation.id
        conversation.clear()
        transcript = Transcript(session: conversation.id)
        Output.line(
            .object([
                ("type", .string("conversation_reset")), ("new_conversation_id", .string(newUUID())),
                ("trigger", .string("clear")), ("user_message_uuid", message["uuid"] ?? .null),
                ("uuid", .string(newUUID())), ("session_id", .string(old)),
            ]))
        writeInit()
        var result = ResultLine(conversation, started: started, messageID: message["uuid"]?.text)
        result.turns = 0
        result.terminalReason = nil
        Output.line(result.json)
    }

    /// The line that opens every turn.
    func writeInit() {
        let folder = getcwd(nil, 0).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        let tools = ["Bash", "Edit", "Read", "Write"] + (schema == nil ? [] : ["StructuredOutput"])
        Output.line(
            .object([
                ("type", .string("system")), ("subtype", .string("init")), ("cwd", .string(folder ?? "")),
                ("session_id", .string(conversation.id)), ("tools", .array(tools.map { .string($0) })),
                ("mcp_servers", .array([])), ("model", .string(conversation.model)),
                ("permissionMode", .string(conversation.permissionMode)),
                ("slash_commands", .array([.string("clear")])), ("apiKeySource", .string("none")),
                ("claude_code_version", .string(Self.version)), ("output_style", .string("default")),
                ("agents", .array([])), ("uuid", .string(newUUID())),
            ]))
    }
}
