import Foundation
import Hummingbird

/// The referee's own requests, told from the API's by their underscore.
///
/// | request | answer |
/// |---|---|
/// | `GET /_stats` | ``SimStats`` |
/// | `GET /_prompts`, with `?contains=TEXT` or `?nonce=NONCE` | an array of ``PromptRecord``, oldest first |
/// | `GET /_requests?contains=TEXT` | how many of the kept bodies hold TEXT |
/// | `GET /_mentions?prefix=TEXT` | how many of the kept bodies hold none, one or several words that begin with TEXT |
/// | `GET /_conversations` | an array of ``ConversationRecord``, one for each kept body that holds a marked word |
/// | `GET /_wait?open=N&calls=N&ok=N&timeout_ms=N` | ``SimStats`` once each figure is at least N; 504 after the time |
/// | `POST /_hold`, `POST /_release`, `POST /_reset` | ``SimStats`` afterwards |
struct AdminEndpoints: Sendable {
    let state: SimState

    /// How long `/_wait` waits unless told otherwise, and at the most, in milliseconds.
    static let usualWaitMilliseconds = 30_000
    static let longestWaitMilliseconds = 600_000

    func respond(to request: Request, frame: ResponseFrame) async throws -> Response? {
        let query = request.uri.queryParameters
        switch (request.method, request.uri.path) {
        case (.get, "/_stats"): return try frame.json(state.stats())
        case (.get, "/_prompts"):
            let text = query["contains"].map(String.init)
            let nonce = query["nonce"].map(String.init)
            return try frame.json(
                state.prompts().filter { record in
                    (text.map { record.text.contains($0) } ?? true) && (nonce.map(record.nonces.contains) ?? true)
                })
        case (.get, "/_requests"):
            let bodies = state.bodies()
            let count = try BodyKeeper.count(bodies.kept, containing: query["contains"].map(String.init) ?? "")
            let answer: JSONValue = [
                "count": .int(count), "kept": .int(bodies.kept.count), "total": .int(bodies.total),
            ]
            return try frame.json(answer)
        case (.get, "/_mentions"):
            let bodies = state.bodies()
            let found = BodyKeeper.mentions(bodies.kept, of: query["prefix"].map(String.init) ?? "")
            let answer: JSONValue = [
                "kept": .int(bodies.kept.count), "total": .int(bodies.total), "cut": .int(bodies.cut),
                "without": .int(found.without), "with_one": .int(found.withOne),
                "with_several": .int(found.withSeveral),
                "words": .int(found.words.count), "mixed": .array(found.mixed.map { .array($0.map { .string($0) }) }),
            ]
            return try frame.json(answer)
        case (.get, "/_conversations"):
            return try frame.json(state.bodies().kept.map(ConversationRecord.init).filter { !$0.nonces.isEmpty })
        case (.get, "/_wait"): return try await wait(request, frame: frame)
        case (.post, "/_hold"): state.setHeld(true)
        case (.post, "/_release"): state.setHeld(false)
        case (.post, "/_reset"): state.reset()
        default: return nil
        }
        return try frame.json(state.stats())
    }

    private func wait(_ request: Request, frame: ResponseFrame) async throws -> Response {
        func number(_ name: String) throws -> Int? {
            guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw APIError(400, "\(name)=\(text): give a whole number.")
            }
            return number
        }
        let open = try number("open") ?? 0
        let calls = try number("calls") ?? 0
        let ok = try number("ok") ?? 0
        let time = min(try number("timeout_ms") ?? Self.usualWaitMilliseconds, Self.longestWaitMilliseconds)
        let state = state
        let stats = try await withThrowingTaskGroup(of: SimStats?.self) { group in
            group.addTask {
                try await state.waitUntil { $0.openNow >= open && $0.total >= calls && $0.ok >= ok }
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(time))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let stats else {
            throw APIError(504, "Not reached within \(time) ms: open \(open), calls \(calls), ok \(ok).")
        }
        return try frame.json(stats)
    }
}
