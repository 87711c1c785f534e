import HTTPTypes
import NIOCore

/// An answer that the gateway gives by itself, in the form of Claude's API.
struct GatewayAnswer: Error, Hashable, Sendable {
    let status: Int
    let type: String
    let message: String
    /// Whether the connection is closed after it.
    var closes = false

    static func tooLarge(_ most: Int, closes: Bool = false) -> GatewayAnswer {
        GatewayAnswer(
            status: 413, type: "request_too_large",
            message: "The body is longer than \(most) bytes, the most that the gateway forwards: send less.",
            closes: true)
    }

    /// The same for a wrong path and a wrong key, so that neither is told from the other.
    static let notFound = GatewayAnswer(
        status: 404, type: "not_found_error",
        message: "There is nothing here for this path and key: use the address and the key that the instance was given."
    )

    static func busy(_ most: Int) -> GatewayAnswer {
        GatewayAnswer(
            status: 503, type: "overloaded_error",
            message: "The gateway has \(most) calls open, the most it may: come again later.")
    }

    static func refused(_ why: String) -> GatewayAnswer {
        GatewayAnswer(status: 400, type: "invalid_request_error", message: why)
    }

    static func noAnswer(_ why: String) -> GatewayAnswer {
        GatewayAnswer(status: 502, type: "api_error", message: why)
    }

    static func failure(_ why: String) -> GatewayAnswer {
        GatewayAnswer(status: 500, type: "api_error", message: why)
    }

    var body: ByteBuffer {
        ByteBuffer(
            string: #"{"type":"error","error":{"type":\#(Self.quoted(type)),"message":\#(Self.quoted(message))}}"#)
    }

    var head: HTTPResponse {
        var fields: HTTPFields = [.contentType: "application/json", .contentLength: String(body.readableBytes)]
        if closes { fields[.connection] = "close" }
        return HTTPResponse(status: .init(code: status), headerFields: fields)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
