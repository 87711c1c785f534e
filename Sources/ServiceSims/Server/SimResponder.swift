import Hummingbird

/// Sends a request to the endpoint that its path names. The API's paths may have any prefix: a gateway adds one.
struct SimResponder: HTTPResponder {
    typealias Context = SimContext

    let state: SimState

    func respond(to request: Request, context: SimContext) async throws -> Response {
        let frame = ResponseFrame(requestNumber: state.nextRequestNumber(), seed: state.configuration.seed)
        var response: Response
        do {
            response = try await route(request, caller: context.caller, frame: frame)
        } catch let error as APIError {
            response = try frame.error(error)
        }
        if request.method == .head { response.body = ResponseBody() }
        return response
    }

    private func route(_ request: Request, caller: CallerWatch, frame: ResponseFrame) async throws -> Response {
        let path = request.uri.path
        if path.hasPrefix("/_"),
            let response = try await AdminEndpoints(state: state).respond(to: request, frame: frame)
        {
            return response
        }
        let isMessages = path.hasSuffix("/v1/messages")
        let isCount = path.hasSuffix("/v1/messages/count_tokens")
        guard request.method == .post, isMessages || isCount else {
            throw APIError(404, "There is no \(request.method) \(path) here.")
        }
        try checkKey(request)
        return isMessages
            ? try await MessagesEndpoint(state: state).respond(to: request, caller: caller, frame: frame)
            : try await CountTokensEndpoint(state: state).respond(to: request, frame: frame)
    }

    private func checkKey(_ request: Request) throws {
        guard let key = state.configuration.apiKey else { return }
        let given = HeaderField.Name("x-api-key").flatMap { request.headers[$0] }
        guard given == key || request.headers[.authorization] == "Bearer \(key)" else {
            throw APIError(401, "invalid x-api-key")
        }
    }
}
