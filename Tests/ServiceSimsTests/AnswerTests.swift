import Testing

@testable import ServiceSims

@Suite("Answers follow from the prompt", .timeLimit(.minutes(1)))
struct AnswerTests {
    @Test("a stream has the documented shape")
    func stream() async throws {
        try await withSim { sim, client in
            let answer = try await client.call("say NONCE-one and NONCE-two", stream: true)
            #expect(answer.status == 200)
            #expect(answer.header("content-type")?.hasPrefix("text/event-stream") == true)
            let events = try answer.events()
            let types = events.compactMap { $0["type"]?.string }
            #expect(
                types.filter { $0 != "content_block_delta" } == [
                    "message_start", "content_block_start", "ping", "content_block_stop", "message_delta",
                    "message_stop",
                ])
            #expect(types.count > 7)
            #expect(answer.text.hasPrefix("event: message_start\ndata: {"))
            #expect(try answer.streamedText().hasPrefix("NONCE-one NONCE-two "))
            let start = try #require(events.first?["message"]?["usage"])
            #expect(start["input_tokens"]?.int == sim.stats().inputTokens)
            let delta = try #require(events.first { $0["type"] == "message_delta" })
            #expect(delta["delta"]?["stop_reason"] == "end_turn")
            #expect(delta["usage"]?["output_tokens"] == 20)
            #expect(sim.stats().outputTokens == 20)
        }
    }

    @Test("without stream the message comes whole, under any prefix")
    func whole() async throws {
        try await withSim({ $0.answerTokens = 50...50 }) { _, client in
            let answer = try await client.call("NONCE-q", path: "/i/token/v1/messages")
            let message = try answer.json()
            #expect(message["role"] == "assistant")
            let text = try #require(message["content"]?.array?.first?["text"]?.string)
            #expect(text.hasPrefix("NONCE-q ") && text.utf8.count == 200)
            #expect(message["usage"]?["output_tokens"] == 50)
        }
    }

    @Test("scripted tools come one a round, then the final text")
    func rounds() async throws {
        try await withSim { _, client in
            let prompt: JSONValue = ["role": "user", "content": "NONCE-z [[bash: echo 1]] [[tool: Read {\"a\":2}]]"]
            var messages: [JSONValue] = [prompt]
            for (name, result) in [("Bash", "one"), ("Read", "two")] {
                let message = try await client.call(messages: .array(messages)).json()
                #expect(message["stop_reason"] == "tool_use")
                let use = try #require(message["content"]?.array?.first)
                #expect(use["name"]?.string == name)
                messages.append(["role": "assistant", "content": [use]])
                let id = try #require(use["id"])
                messages.append([
                    "role": "user",
                    "content": [["type": "tool_result", "tool_use_id": id, "content": .string(result)]],
                ])
            }
            let final = try await client.call(messages: .array(messages)).json()
            #expect(final["content"]?.array?.first?["text"]?.string?.hasPrefix("NONCE-z two ") == true)
        }
    }

    @Test("StructuredOutput is called with a value that follows its schema")
    func structured() async throws {
        try await withSim { _, client in
            let tools: JSONValue = [
                [
                    "name": "StructuredOutput",
                    "input_schema": ["type": "object", "properties": ["title": ["type": "string"]]],
                ]
            ]
            let answer = try await client.call("NONCE-s", tools: tools, stream: true)
            let events = try answer.events()
            let start = try #require(events.first { $0["type"] == "content_block_start" })
            #expect(start["content_block"]?["name"] == "StructuredOutput")
            let input = events.compactMap { $0["delta"]?["partial_json"]?.string }.joined()
            #expect(try JSONText.value(input)["title"]?.string == "NONCE-s title")
        }
    }

    @Test("say, status, status-once, malformed scripts")
    func scripted() async throws {
        try await withSim { _, client in
            let said = try await client.call("[[say: just this]] NONCE-no").json()
            #expect(said["content"]?.array?.first?["text"] == "just this")
            for _ in 0..<2 { #expect(try await client.call("[[status: 400]]").status == 400) }
            #expect(try await client.call("[[status-once: 529]]").status == 529)
            #expect(try await client.call("[[status-once: 529]]").status == 200)
            let malformed = try await client.call("[[sleep: long]]")
            #expect(malformed.status == 400)
            #expect(try malformed.json()["error"]?["type"] == "invalid_request_error")
        }
    }

    @Test("a cut stream breaks off once", arguments: [true, false])
    func cut(stream: Bool) async throws {
        try await withSim { sim, client in
            await #expect(throws: (any Error).self) { try await client.call("[[cut]]", stream: stream) }
            let again = try await client.call("[[cut]]", stream: stream)
            #expect(again.status == 200)
            #expect(sim.stats().cut == 1 && sim.stats().ok == 1)
        }
    }

    @Test("keys, unknown paths, count_tokens")
    func edges() async throws {
        try await withSim({ $0.apiKey = "right" }) { sim, client in
            #expect(try await client.call("x").status == 401)
            #expect(try await client.call("x", headers: ["x-api-key": "right"]).status == 200)
            #expect(try await client.call("x", headers: ["authorization": "Bearer right"]).status == 200)
            let missing = try await client.send(.get, "/v1/models")
            #expect(missing.status == 404)
            #expect(try missing.json()["error"]?["type"] == "not_found_error")
            #expect(try await client.send(.head, "/").status == 404)
            let count = try await client.send(
                .post, "/p/v1/messages/count_tokens", headers: ["x-api-key": "right"], body: "12345678")
            #expect(try count.json() == ["input_tokens": 2])
            #expect(sim.stats().countTokens == 1 && sim.stats().total == 2)
        }
    }
}
