/// The line that ends a turn, with the fields of the real one.
struct ResultLine {
    var subtype = "success"
    var isError = false
    var text = ""
    var structured: JSON?
    var turns = 1
    var inputTokens = 0
    var outputTokens = 0
    var denials: [JSON] = []
    var terminalReason: String? = "completed"
    var apiErrorStatus: Int?
    private let conversation: Conversation
    private let started: Int64
    private let messageID: String?

    /// `started` is of ``monotonicMilliseconds()``, `messageID` the user message's uuid.
    init(_ conversation: Conversation, started: Int64, messageID: String?) {
        self.conversation = conversation
        self.started = started
        self.messageID = messageID
    }

    /// Usage as the API reports it.
    static func usage(input: Int, output: Int) -> JSON {
        .object([
            ("input_tokens", .integer(input)), ("cache_creation_input_tokens", .integer(0)),
            ("cache_read_input_tokens", .integer(0)), ("output_tokens", .integer(output)),
            ("service_tier", .string("standard")),
        ])
    }

    var json: JSON {
        let elapsed = monotonicMilliseconds() - started
        var pairs: [(String, JSON)] = [
            ("type", .string("result")), ("subtype", .string(subtype)), ("is_error", .bool(isError)),
            ("duration_ms", .integer(elapsed)), ("duration_api_ms", .integer(turns == 0 ? 0 : elapsed)),
            ("num_turns", .integer(turns)),
        ]
        // Error subtypes carry no answer.
        if subtype == "success" { pairs.append(("result", .string(text))) }
        if let structured { pairs.append(("structured_output", structured)) }
        pairs += [
            ("stop_reason", turns == 0 || isError ? .null : .string("end_turn")),
            ("session_id", .string(conversation.id)), ("total_cost_usd", conversation.cost),
            ("usage", Self.usage(input: inputTokens, output: outputTokens)), ("modelUsage", conversation.modelUsage),
            ("permission_denials", .array(denials)), ("terminal_reason", terminalReason.map { .string($0) } ?? .null),
            ("api_error_status", apiErrorStatus.map { .integer($0) } ?? .null), ("uuid", .string(newUUID())),
        ]
        if let messageID { pairs.append(("user_message_uuid", .string(messageID))) }
        return .object(pairs)
    }
}
