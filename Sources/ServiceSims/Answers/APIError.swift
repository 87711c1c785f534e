/// An error answer of the API: its status, its documented type, and what a person reads.
struct APIError: Error, Hashable, Sendable {
    let status: Int
    let message: String
    var retryAfterSeconds: Int64?

    init(_ status: Int, _ message: String, retryAfterSeconds: Int64? = nil) {
        self.status = status
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The documented `error.type` for the status.
    var type: String {
        switch status {
        case 400: "invalid_request_error"
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 400..<500: "invalid_request_error"
        default: "api_error"
        }
    }

    func body(requestID: String) -> JSONValue {
        [
            "type": "error", "error": ["type": .string(type), "message": .string(message)],
            "request_id": .string(requestID),
        ]
    }
}
