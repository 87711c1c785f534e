import AsyncHTTPClient
import NIOHTTP1

/// Why a service gave no answer, or not the whole of it.
struct BrokenConnection: Sendable {
    let errorType: String
    /// One sentence for the instance.
    let words: String

    init(_ error: any Error, service: String, limits: GatewayLimits) {
        let seconds = limits.idleTimeout.rawValue / 1000
        let why: String
        var type = GatewayErrorType.connection
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            type = GatewayErrorType.silence
            why = "was silent for \(seconds) s"
        case let error as HTTPClientError where error == .connectTimeout || error == .getConnectionFromPoolTimeout:
            why = "took no connection within \(limits.connectTimeout.rawValue / 1000) s"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            why = "closed the connection before its answer"
        case let error as HTTPClientError: why = "gave no answer (\(error.shortDescription))"
        case is HTTPParserError: why = "sent something that is no HTTP, or broke off"
        default: why = "took no connection, or broke it"
        }
        errorType = type
        words = "The service \(service) \(why): try again later."
    }

    /// The reason why a call can't be sent at all; nil: it was, or may have been.
    static func unsendable(_ error: any Error) -> String? {
        guard let error = error as? HTTPClientError else { return nil }
        // Named by what they are alone: their values could hold a key.
        let isUnsendable =
            [.invalidURL, .emptyHost, .emptyScheme, .traceRequestWithBody].contains(error)
            || error.shortDescription.hasPrefix("Invalid header")
        return isUnsendable ? "The call can't be sent on: its path or one of its headers is not of HTTP's form." : nil
    }
}
