import ClusterModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One line from the CLI, as far as it matters here.
enum IncomingLine {
    case initialized(sessionID: String)
    case conversationReset
    /// A message of the conversation itself, by the id under which the transcript has it.
    case message(id: String)
    case apiRetry(error: String, status: Int?)
    case result(ResultLine, structuredJSON: String?)
    case controlResponse(ControlAnswer)
    /// The CLI asks its host for something, which nothing here offers.
    case controlRequest(id: String)
    /// A line that is not JSON, or a type that is not known: not an error.
    case other(isMessage: Bool)

    /// Reads a line. Throws when it begins as JSON and is none, or lacks what its type always has.
    init(_ line: [UInt8]) throws {
        guard line.first == UInt8(ascii: "{") else {
            self = .other(isMessage: false)
            return
        }
        guard let fields = JSONFields(line) else { throw Malformed(type: "") }
        let type = fields.word("type") ?? ""
        switch (type, fields.word("subtype")) {
        case ("system", "init"):
            guard let session = fields.word("session_id") else { throw Malformed(type: "init") }
            self = .initialized(sessionID: session)
        case ("system", "api_retry"):
            self = .apiRetry(
                error: fields.word("error") ?? "", status: fields.text("error_status").flatMap { Int($0) })
        case ("conversation_reset", _):
            self = .conversationReset
        case ("result", _):
            let result: ResultLine
            do { result = try JSONDecoder().decode(ResultLine.self, from: Data(line)) } catch {
                throw Malformed(type: type)
            }
            self = .result(result, structuredJSON: fields.text("structured_output"))
        case ("control_response", _):
            do {
                let answer = try JSONDecoder().decode(ControlLine.self, from: Data(line))
                self = .controlResponse(answer.response)
            } catch { throw Malformed(type: type) }
        case ("control_request", _):
            guard let id = fields.word("request_id") else { throw Malformed(type: type) }
            self = .controlRequest(id: id)
        case ("assistant", _), ("user", _):
            // What a subagent says stands in a transcript of its own.
            guard let id = fields.word("uuid"), fields.text("parent_tool_use_id") == nil else {
                self = .other(isMessage: true)
                return
            }
            self = .message(id: id)
        default:
            self = .other(isMessage: !type.isEmpty)
        }
    }

    /// A line that cannot be read.
    struct Malformed: Error {
        /// Empty: not even JSON.
        var type: String
    }
}

/// The `result` line as it is written.
struct ResultLine: Decodable {
    var subtype: String
    var isError: Bool
    var result: String?
    var sessionID: String
    var numTurns: Int?
    var durationMilliseconds: Double?
    var durationAPIMilliseconds: Double?
    var totalCostUSD: Double?
    var usage: UsageLine?
    var permissionDenials: [Denial]?
    var terminalReason: String?
    var apiErrorStatus: Int?
    var errors: [String]?
    /// Echoes the `uuid` of the message that it answers.
    var userMessageUUID: String?

    struct UsageLine: Decodable {
        var input_tokens: UInt64?
        var output_tokens: UInt64?
        var cache_read_input_tokens: UInt64?
        var cache_creation_input_tokens: UInt64?
    }

    struct Denial: Decodable {
        var tool_name: String
    }

    enum CodingKeys: String, CodingKey {
        case subtype, result, usage, errors
        case isError = "is_error"
        case sessionID = "session_id"
        case numTurns = "num_turns"
        case durationMilliseconds = "duration_ms"
        case durationAPIMilliseconds = "duration_api_ms"
        case totalCostUSD = "total_cost_usd"
        case permissionDenials = "permission_denials"
        case terminalReason = "terminal_reason"
        case apiErrorStatus = "api_error_status"
        case userMessageUUID = "user_message_uuid"
    }
}

/// The answer to a control request.
struct ControlAnswer: Decodable, Sendable {
    var subtype: String
    var requestID: String
    var error: String?
    var response: Details?

    /// Of an answer to `initialize`.
    struct Details: Decodable, Sendable {
        var pid: Int32?
        var claude_code_version: String?
    }

    enum CodingKeys: String, CodingKey {
        case subtype, error, response
        case requestID = "request_id"
    }
}

private struct ControlLine: Decodable {
    var response: ControlAnswer
}
