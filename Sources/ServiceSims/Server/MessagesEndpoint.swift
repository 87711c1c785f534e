import Foundation
import Hummingbird

/// Answers `POST …/v1/messages`.
struct MessagesEndpoint: Sendable {
    let state: SimState

    /// The most bytes of a body, as the API's own limit.
    static let mostBodyBytes = 32 * 1024 * 1024

    /// Thrown to break a stream off, as a lost connection would.
    private struct Cut: Error {}

    func respond(to request: Request, caller: CallerWatch, frame: ResponseFrame) async throws -> Response {
        let body = try await Self.body(of: request)
        let decoded: MessagesRequest
        do {
            decoded = try JSONDecoder().decode(MessagesRequest.self, from: body)
        } catch {
            throw APIError(400, "The body is no messages request: \(error)")
        }
        let turn = Turn(of: decoded)
        let session = HeaderField.Name("x-claude-code-session-id").flatMap { request.headers[$0] }
        let arrival = CallLedger.Arrival(prompt: turn.isFirst ? turn.prompt : nil, session: session)
        let call = OpenCall(number: state.arrived(arrival, body: body), state: state)
        let inputTokens = TokenEstimate.tokens(bytes: body.count)
        let schema = decoded.tools.first { $0.name == MessagesRequest.structuredOutputTool }?.inputSchema

        if state.isHeld {
            let state = state
            try await caller.run { try await state.waitWhileHeld() }
        }
        let decision = state.decide(turn: turn, schema: schema, inputTokens: inputTokens)
        if decision.plan.latencyMilliseconds > 0 {
            try await caller.wait(milliseconds: decision.plan.latencyMilliseconds)
        }
        var frame = frame
        for header in decision.limitHeaders { frame.set(header.name, header.value) }
        switch decision.plan.outcome {
        case .error(let error):
            call.end(.error(status: error.status))
            return try frame.error(error)
        case .answer(let answer, let cut):
            let events = MessageEvents(
                id: frame.requestID.replacingOccurrences(of: "req_", with: "msg_"), model: decoded.model,
                inputTokens: inputTokens, answer: answer)
            let silent = decision.plan.silentMilliseconds
            return decoded.stream
                ? stream(events, cut: cut, silentMilliseconds: silent, call: call, caller: caller, frame: frame)
                : try await whole(
                    events, cut: cut, silentMilliseconds: silent, call: call, caller: caller, frame: frame)
        }
    }

    /// A request's body. Throws ``APIError`` when it is too long.
    static func body(of request: Request) async throws -> Data {
        var data = Data()
        for try await part in request.body {
            guard data.count + part.readableBytes <= mostBodyBytes else {
                throw APIError(413, "The body is longer than \(mostBodyBytes) bytes.")
            }
            data.append(contentsOf: part.readableBytesView)
        }
        return data
    }

    private func whole(
        _ events: MessageEvents, cut: Bool, silentMilliseconds: Int, call: OpenCall, caller: CallerWatch,
        frame: ResponseFrame
    ) async throws -> Response {
        if silentMilliseconds > 0 { try await caller.wait(milliseconds: silentMilliseconds) }
        state.produced(events.answer.outputTokens)
        guard cut else {
            call.end(.answered)
            return try frame.json(events.message())
        }
        let text = try JSONText.data(events.message())
        var frame = frame
        frame.set("content-type", "application/json")
        return Response(
            status: .ok, headers: frame.headers,
            body: ResponseBody(contentLength: text.count) { writer in
                call.end(.cut)
                try await writer.write(ByteBuffer(bytes: text.prefix(text.count / 2)))
                throw Cut()
            })
    }

    private func stream(
        _ events: MessageEvents, cut: Bool, silentMilliseconds: Int, call: OpenCall, caller: CallerWatch,
        frame: ResponseFrame
    ) -> Response {
        let state = state
        return frame.events { writer in
            if silentMilliseconds > 0 { try await caller.wait(milliseconds: silentMilliseconds) }
            let deltas = try events.deltas()
            try await Self.write(events.opening(), to: &writer)
            let start = ContinuousClock.now
            for (index, delta) in deltas.enumerated() {
                let time = Duration.milliseconds(state.configuration.streamMilliseconds) * (index + 1) / deltas.count
                if time > .zero { try await Task.sleep(until: start + time, clock: .continuous) }
                state.produced(delta.outputTokens)
                if cut { call.end(.cut) }
                try await Self.write([delta], to: &writer)
                if cut { throw Cut() }
            }
            // Noted before it is sent: whoever has read the end may ask for the figures at once.
            call.end(.answered)
            try await Self.write(events.closing(), to: &writer)
            try await writer.finish(nil)
        }
    }

    private static func write(_ events: [StreamEvent], to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: try events.map { try $0.text() }.joined()))
    }
}
