#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The lines that go to the CLI.
enum OutgoingLine {
    /// What a user submitted. `client_composed` turns slash commands and @file expansion off: a prompt is text.
    static func prompt(_ text: String, uuid: String) throws -> [UInt8] {
        try line(UserLine(message: .init(content: [.init(text: text)]), uuid: uuid, client_composed: true))
    }

    /// A slash command of the CLI's own.
    static func command(_ text: String, uuid: String) throws -> [UInt8] {
        try line(UserLine(message: .init(content: [.init(text: text)]), uuid: uuid, client_composed: nil))
    }

    static func control(id: String, _ request: ControlRequest) throws -> [UInt8] {
        try line(ControlRequestLine(request_id: id, request: request))
    }

    /// The answer to whatever the CLI asks its host for.
    static func refusal(of id: String) throws -> [UInt8] {
        try line(RefusalLine(response: .init(request_id: id)))
    }

    private static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var bytes = Array(try encoder.encode(value))
        escapeLineSeparators(&bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// U+2028 and U+2029 may stand in JSON unescaped, but some line readers end a line at them.
    private static func escapeLineSeparators(_ bytes: inout [UInt8]) {
        guard bytes.contains(0xe2) else { return }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if index + 2 < bytes.count, bytes[index] == 0xe2, bytes[index + 1] == 0x80, bytes[index + 2] & 0xfe == 0xa8
            {
                escaped.append(contentsOf: bytes[index + 2] == 0xa8 ? "\\u2028".utf8 : "\\u2029".utf8)
                index += 3
            } else {
                escaped.append(bytes[index])
                index += 1
            }
        }
        bytes = escaped
    }
}

/// A request over the control channel.
struct ControlRequest: Encodable, Sendable {
    var subtype: String
    var model: String?
    var mode: String?

    static let initialize = ControlRequest(subtype: "initialize")
    static let interrupt = ControlRequest(subtype: "interrupt")
    static func setModel(_ model: String) -> Self { ControlRequest(subtype: "set_model", model: model) }
    static func setPermissionMode(_ mode: String) -> Self { ControlRequest(subtype: "set_permission_mode", mode: mode) }
}

private struct UserLine: Encodable {
    struct Text: Encodable {
        var type = "text"
        var text: String
    }
    struct Message: Encodable {
        var role = "user"
        var content: [Text]
    }
    var type = "user"
    var message: Message
    var uuid: String
    var client_composed: Bool?
}

private struct ControlRequestLine: Encodable {
    var type = "control_request"
    var request_id: String
    var request: ControlRequest
}

private struct RefusalLine: Encodable {
    struct Response: Encodable {
        var subtype = "error"
        var request_id: String
        var error = "this host offers nothing over the control channel"
    }
    var type = "control_response"
    var response: Response
}
