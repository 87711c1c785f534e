import Foundation
import Hummingbird
import HummingbirdTesting

@testable import ServiceSims

/// Talks to a running simulator, one connection for each call, as many processes would.
struct SimClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let text: String

        func header(_ name: String) -> String? { HeaderField.Name(name).flatMap { headers[$0] } }
        func json() throws -> JSONValue { try JSONText.value(text) }

        /// The `data` of the events of a stream, in order.
        func events() throws -> [JSONValue] {
            try text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
                .map { try JSONText.value(String($0.dropFirst(6))) }
        }

        /// All text deltas of a stream together.
        func streamedText() throws -> String {
            try events().compactMap { $0["delta"]?["text"]?.string }.joined()
        }
    }

    let port: Int

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HeaderField.Name(name) { fields[name] = value } }
        let request = TestClient.Request(
            path, method: method, authority: "127.0.0.1", headers: fields, body: body.map { ByteBuffer(string: $0) })
        return try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
            let response = try await client.execute(request)
            return Answer(
                status: response.status.code, headers: response.headers,
                text: response.body.map { String(buffer: $0) } ?? "")
        }
    }

    /// A call with one user prompt, or with the messages given.
    func call(
        _ prompt: String = "", messages: JSONValue? = nil, tools: JSONValue = [], stream: Bool = false,
        path: String = "/v1/messages?beta=true", headers: [String: String] = [:]
    ) async throws -> Answer {
        let body = try Self.body(messages: messages ?? Self.messages(prompt), tools: tools, stream: stream)
        return try await send(.post, path, headers: headers, body: body)
    }

    /// Makes a streaming call, and drops its connection as soon as `moment` returns.
    func leaveBehind(_ prompt: String, at moment: () async throws -> Void) async throws {
        let client = TestClient(host: "127.0.0.1", port: port)
        client.connect()
        let body = try Self.body(messages: Self.messages(prompt), tools: [], stream: true)
        let request = TestClient.Request(
            "/v1/messages", method: .post, authority: "127.0.0.1", body: ByteBuffer(string: body))
        try await client.executeAndDontWaitForResponse(request)
        try await moment()
        try await client.shutdown()
    }

    private static func messages(_ prompt: String) -> JSONValue { [["role": "user", "content": .string(prompt)]] }

    private static func body(messages: JSONValue, tools: JSONValue, stream: Bool) throws -> String {
        let body: JSONValue = [
            "model": "claude-test", "max_tokens": 100, "stream": .bool(stream), "tools": tools, "messages": messages,
        ]
        return try JSONText.string(body)
    }

    func stats() async throws -> SimStats {
        try JSONDecoder().decode(SimStats.self, from: Data(try await send(.get, "/_stats").text.utf8))
    }
}

/// Runs `body` against a simulator that was changed by `change`.
func withSim(
    _ change: (inout AnthropicSimConfiguration) -> Void = { _ in },
    _ body: (AnthropicSim, SimClient) async throws -> Void
) async throws {
    var configuration = AnthropicSimConfiguration()
    change(&configuration)
    let sim = try AnthropicSim(configuration: configuration)
    try await sim.withRunning { try await body(sim, SimClient(port: $0)) }
}
