import Hummingbird

/// Answers `POST …/v1/messages/count_tokens` with the same estimate that a call is charged by.
struct CountTokensEndpoint: Sendable {
    let state: SimState

    func respond(to request: Request, frame: ResponseFrame) async throws -> Response {
        let body = try await MessagesEndpoint.body(of: request)
        state.countedTokens()
        let answer: JSONValue = ["input_tokens": .int(TokenEstimate.tokens(bytes: body.count))]
        return try frame.json(answer)
    }
}
