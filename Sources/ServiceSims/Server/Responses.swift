import Foundation
import Hummingbird

typealias HeaderField = HTTPFields.Element

/// The ids and headers that every answer carries.
struct ResponseFrame: Sendable {
    let requestID: String
    var headers = HTTPFields()

    init(requestNumber: Int, seed: UInt64) {
        let number = String(requestNumber, radix: 36)
        requestID =
            "req_sim" + String(seed, radix: 36) + String(repeating: "0", count: max(0, 8 - number.count)) + number
        set("request-id", requestID)
    }

    mutating func set(_ name: String, _ value: String) {
        guard let name = HeaderField.Name(name) else { return }
        headers[name] = value
    }

    func json(_ value: some Encodable, status: Int = 200) throws -> Response {
        var frame = self
        frame.set("content-type", "application/json")
        let body = ByteBuffer(bytes: try JSONText.data(value))
        return Response(status: .init(code: status), headers: frame.headers, body: ResponseBody(byteBuffer: body))
    }

    func error(_ error: APIError) throws -> Response {
        var frame = self
        if let seconds = error.retryAfterSeconds { frame.set("retry-after", String(seconds)) }
        return try frame.json(error.body(requestID: requestID), status: error.status)
    }

    func events(_ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void) -> Response {
        var frame = self
        frame.set("content-type", "text/event-stream; charset=utf-8")
        frame.set("cache-control", "no-cache")
        return Response(status: .ok, headers: frame.headers, body: ResponseBody(body))
    }
}
