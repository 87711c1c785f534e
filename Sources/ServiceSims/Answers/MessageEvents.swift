import Foundation

/// One event of a streamed answer.
struct StreamEvent: Hashable, Sendable {
    let name: String
    let data: JSONValue
    /// Output tokens that this event brings; they are charged when it is sent.
    var outputTokens = 0

    /// The event as server-sent events write it.
    func text() throws -> String { "event: \(name)\ndata: \(try JSONText.string(data))\n\n" }
}

/// A message as the API tells it: whole, or as the events of a stream.
struct MessageEvents: Sendable {
    let id: String
    let model: String
    let inputTokens: Int
    let answer: Answer

    /// The most deltas that an answer is cut into.
    static let mostDeltas = 16

    /// The answer to a call without `stream`.
    func message() -> JSONValue {
        message(content: [answer.block], stopReason: .string(answer.stopReason), outputTokens: answer.outputTokens)
    }

    /// What is sent at once: `message_start`, the block's start, a `ping`.
    func opening() -> [StreamEvent] {
        let block: JSONValue =
            switch answer.content {
            case .text: ["type": "text", "text": ""]
            case .toolUse(let id, let name, _):
                ["type": "tool_use", "id": .string(id), "name": .string(name), "input": [:]]
            }
        return [
            event("message_start", ["message": message(content: [], stopReason: nil, outputTokens: 1)]),
            event("content_block_start", ["index": 0, "content_block": block]),
            event("ping", [:]),
        ]
    }

    /// The answer in pieces, each with its share of the output tokens.
    func deltas() throws -> [StreamEvent] {
        let text: String
        let wrap: (String) -> JSONValue
        switch answer.content {
        case .text(let whole):
            text = whole
            wrap = { ["type": "text_delta", "text": .string($0)] }
        case .toolUse(_, _, let input):
            text = try JSONText.string(input)
            wrap = { ["type": "input_json_delta", "partial_json": .string($0)] }
        }
        let characters = Array(text)
        let count = max(1, min(Self.mostDeltas, characters.count, answer.outputTokens))
        return (0..<count).map { index in
            let piece = characters[characters.count * index / count..<characters.count * (index + 1) / count]
            let tokens = answer.outputTokens * (index + 1) / count - answer.outputTokens * index / count
            return event("content_block_delta", ["index": 0, "delta": wrap(String(piece))], outputTokens: tokens)
        }
    }

    /// What ends the stream: the block's stop, `message_delta` with the reason and the usage, `message_stop`.
    func closing() -> [StreamEvent] {
        [
            event("content_block_stop", ["index": 0]),
            event(
                "message_delta",
                [
                    "delta": ["stop_reason": .string(answer.stopReason), "stop_sequence": nil],
                    "usage": usage(outputTokens: answer.outputTokens),
                ]),
            event("message_stop", [:]),
        ]
    }

    private func event(_ name: String, _ members: [String: JSONValue], outputTokens: Int = 0) -> StreamEvent {
        var members = members
        members["type"] = .string(name)
        return StreamEvent(name: name, data: .object(members), outputTokens: outputTokens)
    }

    private func message(content: JSONValue, stopReason: JSONValue, outputTokens: Int) -> JSONValue {
        [
            "id": .string(id), "type": "message", "role": "assistant", "model": .string(model), "content": content,
            "stop_reason": stopReason, "stop_sequence": nil, "usage": usage(outputTokens: outputTokens),
        ]
    }

    private func usage(outputTokens: Int) -> JSONValue {
        [
            "input_tokens": .int(inputTokens), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": .int(outputTokens),
        ]
    }
}
