import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Just enough of a Messages API on loopback for the real CLI: it echoes the last prompt, or does what stands there in brackets:
/// `[silent]`, `[status N]`, `[bash COMMAND]`. A request that offers the tool StructuredOutput is answered with it.
///
/// A thread for each connection, which ends with its one request or with this object.
final class TinyMessagesAPI: Sendable {
    struct CannotListen: Error {}

    let url: String
    private let listener: Int32
    private let log = Mutex<[String]>([])
    private let closed = Mutex(false)

    /// The bodies of all requests so far.
    var requests: [String] { log.withLock { $0 } }

    init() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = listening
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listening, raw, length) == 0 && listen(listening, 64) == 0
                    && getsockname(listening, raw, &length) == 0
            }
        }
        guard bound else { throw CannotListen() }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let accepting = listener
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(accepting, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ connection: Int32) {
        guard let body = readBody(connection) else { return }
        log.withLock { $0.append(String(decoding: body, as: UTF8.self)) }
        guard let request = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
            return reply(connection, status: 400, json: ["type": "error"])
        }
        let messages = request["messages"] as? [[String: Any]] ?? []
        let (prompt, isToolResult) = Self.lastText(messages)
        let model = request["model"] as? String ?? ""
        if let status = Self.argument(of: "status", in: prompt).flatMap({ Int($0) }) {
            return reply(
                connection, status: status,
                json: ["type": "error", "error": ["type": "x", "message": "said \(status)"]])
        }
        guard request["stream"] as? Bool == true else {
            let usage = ["input_tokens": 8, "output_tokens": 1]
            return reply(
                connection, status: 200,
                json: [
                    "id": "msg_0", "type": "message", "role": "assistant", "model": model,
                    "content": [["type": "text", "text": "yes"]],
                    "stop_reason": "end_turn", "usage": usage,
                ])
        }
        if prompt.contains("[silent]") {
            var byte: UInt8 = 0
            // Until the other side gives up.
            _ = recv(connection, &byte, 1, 0)
            return
        }
        let tools = (request["tools"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
        var call: (name: String, input: [String: Any])?
        if !isToolResult, let command = Self.argument(of: "bash", in: prompt) {
            call = ("Bash", ["command": command, "description": "as told"])
        } else if tools.contains("StructuredOutput"), !isToolResult || Self.lastCall(messages) == "Bash" {
            call = ("StructuredOutput", ["answer": "é 42"])
        }
        stream(connection, model: model, text: prompt, call: call)
    }

    /// The text of the last message, and whether it is a tool's result.
    private static func lastText(_ messages: [[String: Any]]) -> (String, Bool) {
        let content = messages.last { $0["role"] as? String == "user" }?["content"]
        if let text = content as? String { return (text, false) }
        let blocks = content as? [[String: Any]] ?? []
        let text = blocks.compactMap { $0["text"] as? String }.last ?? ""
        // A result of the turn before may stand in front of a prompt.
        return (text, blocks.last?["type"] as? String == "tool_result")
    }

    /// The tool that the model called last.
    private static func lastCall(_ messages: [[String: Any]]) -> String? {
        let content = messages.last { $0["role"] as? String == "assistant" }?["content"] as? [[String: Any]]
        return content?.last { $0["type"] as? String == "tool_use" }?["name"] as? String
    }

    private static func argument(of word: String, in prompt: String) -> String? {
        guard let start = prompt.range(of: "[\(word) "),
            let end = prompt.range(of: "]", range: start.upperBound..<prompt.endIndex)
        else { return nil }
        return String(prompt[start.upperBound..<end.lowerBound])
    }

    private func stream(_ connection: Int32, model: String, text: String, call: (name: String, input: [String: Any])?) {
        send(connection, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        func event(_ type: String, _ fields: [String: Any]) {
            send(connection, "event: \(type)\ndata: \(Self.json(fields.merging(["type": type]) { $1 }))\n\n")
        }
        let usage = [
            "input_tokens": 100, "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        ]
        event(
            "message_start",
            [
                "message": [
                    "id": "msg_\(UUID().uuidString)", "type": "message", "role": "assistant", "model": model,
                    "content": [Any](),
                    "stop_reason": NSNull(), "stop_sequence": NSNull(), "usage": usage,
                ] as [String: Any]
            ])
        if let call {
            let block: [String: Any] = [
                "type": "tool_use", "id": "toolu_\(UUID().uuidString)", "name": call.name, "input": [String: Any](),
            ]
            event("content_block_start", ["index": 0, "content_block": block])
            event(
                "content_block_delta",
                ["index": 0, "delta": ["type": "input_json_delta", "partial_json": Self.json(call.input)]])
        } else {
            event("content_block_start", ["index": 0, "content_block": ["type": "text", "text": ""]])
            event("content_block_delta", ["index": 0, "delta": ["type": "text_delta", "text": text]])
        }
        event("content_block_stop", ["index": 0])
        let stop: [String: Any] = ["stop_reason": call == nil ? "end_turn" : "tool_use", "stop_sequence": NSNull()]
        event("message_delta", ["delta": stop, "usage": ["output_tokens": 20]])
        event("message_stop", [:])
    }

    private func reply(_ connection: Int32, status: Int, json: [String: Any]) {
        let body = Self.json(json)
        send(
            connection,
            "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    private static func json(_ value: [String: Any]) -> String {
        // Every value here is made above, of strings, numbers and null.
        String(decoding: (try? JSONSerialization.data(withJSONObject: value)) ?? Data(), as: UTF8.self)
    }

    private func send(_ connection: Int32, _ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    private func readBody(_ connection: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            if let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
                let length =
                    head.components(separatedBy: "content-length:").dropFirst().first?
                    .split(separator: "\r").first.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 0
                if bytes.count >= end.upperBound + length {
                    return Array(bytes[end.upperBound..<(end.upperBound + length)])
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
